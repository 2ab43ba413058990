namespace Ds4Provider.Engine.Constraints.Grammar;

/// <summary>How far a number is.</summary>
internal enum NumberPhase
{
    /// <summary>Nothing is written.</summary>
    Start,

    /// <summary>In the integer part, after the minus sign if there is one.</summary>
    Integer,

    /// <summary>After the point, or in the fraction.</summary>
    Fraction,

    /// <summary>After the E.</summary>
    Exponent,

    /// <summary>After the sign of the exponent, or in its digits.</summary>
    ExponentDigits,
}

/// <summary>Inside a number. Where the number may end, what follows it is a state beside this one.</summary>
internal sealed class NumberState(NumberRule rule, NumberPhase phase, bool negative, long magnitude, int digits, GrammarState then) : GrammarState
{
    public override int Depth => then.Depth;

    protected override int FindCost()
    {
        var rest = new List<int>();
        WriteShortest(rest);
        return rest.Count + then.Cost;
    }

    public override void Read(int symbol, StateSet next)
    {
        switch (phase)
        {
            case NumberPhase.Start when symbol == '-' && rule.CanWrite(negative: true, 0, 0):
                next.Add(new NumberState(rule, NumberPhase.Integer, true, 0, 0, then));
                break;
            case NumberPhase.Start or NumberPhase.Integer when IsDigit(symbol):
                ReadInteger(symbol - '0', next);
                break;
            case NumberPhase.Integer when digits > 0 && symbol == '.' && rule.KeepsFraction(negative, magnitude):
                next.Add(At(NumberPhase.Fraction, 0));
                break;
            case NumberPhase.Integer when digits > 0 && symbol is 'e' or 'E' && HasExponent:
            case NumberPhase.Fraction when digits > 0 && symbol is 'e' or 'E' && HasExponent:
                next.Add(At(NumberPhase.Exponent, 0));
                break;
            case NumberPhase.Exponent when symbol is '+' or '-':
                next.Add(At(NumberPhase.ExponentDigits, 0));
                break;
            case NumberPhase.Fraction when IsDigit(symbol):
                ReadDigit(NumberPhase.Fraction, NumberRule.LongestFraction, next);
                break;
            case NumberPhase.Exponent or NumberPhase.ExponentDigits when IsDigit(symbol):
                ReadDigit(NumberPhase.ExponentDigits, NumberRule.LongestExponent, next);
                break;
        }
    }

    public override GrammarState? WriteShortest(List<int> symbols)
    {
        switch (phase)
        {
            case NumberPhase.Start:
                rule.WriteShortest(symbols);
                break;
            case NumberPhase.Integer:
                symbols.AddRange(rule.Cheapest(negative, magnitude, digits).Select(digit => (int)digit));
                break;
            default:
                symbols.AddRange(Enumerable.Repeat((int)'0', digits == 0 ? 1 : 0));
                break;
        }

        return then;
    }

    public override bool SameAs(GrammarState other) => other is NumberState number && number.SameAs(rule, phase, negative, magnitude, digits, then);

    private bool HasExponent => rule.HasFraction && rule.IsUnbounded;

    private static bool IsDigit(int symbol) => symbol is >= '0' and <= '9';

    private NumberState At(NumberPhase newPhase, int newDigits) => new(rule, newPhase, negative, magnitude, newDigits, then);

    private void ReadInteger(int digit, StateSet next)
    {
        var value = (magnitude * 10) + digit;
        if ((digits > 0 && magnitude == 0) || digits == NumberRule.LongestInteger || !rule.CanWrite(negative, value, digits + 1))
        {
            return;
        }

        next.Add(new NumberState(rule, NumberPhase.Integer, negative, value, digits + 1, then));
        if (rule.Keeps(negative, value))
        {
            next.Add(then);
        }
    }

    private void ReadDigit(NumberPhase newPhase, int longest, StateSet next)
    {
        if (digits < longest)
        {
            next.Add(At(newPhase, digits + 1));
            next.Add(then);
        }
    }

    private bool SameAs(NumberRule otherRule, NumberPhase otherPhase, bool otherNegative, long otherMagnitude, int otherDigits, GrammarState otherThen) =>
        ReferenceEquals(rule, otherRule) && phase == otherPhase && negative == otherNegative && digits == otherDigits
        && (magnitude == otherMagnitude || phase is not (NumberPhase.Start or NumberPhase.Integer)) && StateSet.Same(then, otherThen);
}

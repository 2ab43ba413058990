using Ds4Provider.Engine.Constraints.Masks;

namespace Ds4Provider.Engine.Constraints.Grammar;

/// <summary>Inside a JSON string.</summary>
internal sealed class JsonTextState(FreeStringRule rule, int count, int utf8, GrammarState then) : GrammarState
{
    public override int Depth => then.Depth;

    protected override int FindCost() => Utf8Progress.Ending(utf8).Length + Math.Max(0, rule.Least - count) + 1 + then.Cost;

    public override TextPosition Text => new(TextKind.Json, utf8, Math.Max(0, rule.Least - count), Room(rule, count), then);

    public override void Read(int symbol, StateSet next)
    {
        switch (symbol)
        {
            case '"' when utf8 == Utf8Progress.Boundary:
                if (count >= rule.Least)
                {
                    next.Add(then);
                }

                break;
            case '\\' when utf8 == Utf8Progress.Boundary:
                if (count < rule.Most)
                {
                    next.Add(new EscapeState(EscapePhase.Kind, new JsonTextState(rule, Increase(rule, count), utf8, then)));
                }

                break;
            case >= ' ' and <= byte.MaxValue when Utf8Progress.Next(utf8, symbol) is >= 0 and var progress:
                var begins = Utf8Progress.Begins(symbol);
                if (!begins || count < rule.Most)
                {
                    next.Add(new JsonTextState(rule, begins ? Increase(rule, count) : count, progress, then));
                }

                break;
        }
    }

    public override GrammarState? WriteShortest(List<int> symbols)
    {
        TextEnding.Write(utf8, rule.Least - count, symbols);
        symbols.Add('"');
        return then;
    }

    public override bool SameAs(GrammarState other) => other is JsonTextState text && text.SameAs(rule, count, utf8, then);

    /// <summary>Characters that may still begin.</summary>
    internal static int Room(FreeStringRule rule, int count) =>
        rule.Most == FreeStringRule.Unlimited ? int.MaxValue : rule.Most - count;

    /// <summary>The count after one more character; what no limit asks for is not counted.</summary>
    internal static int Increase(FreeStringRule rule, int count) =>
        rule.Most == FreeStringRule.Unlimited ? Math.Min(count + 1, rule.Least) : count + 1;

    private bool SameAs(FreeStringRule otherRule, int otherCount, int otherUtf8, GrammarState otherThen) =>
        rule.IsLike(otherRule) && count == otherCount && utf8 == otherUtf8 && StateSet.Same(then, otherThen);
}

/// <summary>How far an escape is.</summary>
internal enum EscapePhase
{
    /// <summary>After the backslash.</summary>
    Kind,

    /// <summary>Four hexadecimal digits are missing.</summary>
    Four,

    /// <summary>Three are missing.</summary>
    Three,

    /// <summary>Three are missing, and the first was D: a surrogate must not come about, only pairs of them are text.</summary>
    ThreeAfterD,

    /// <summary>Two are missing.</summary>
    Two,

    /// <summary>One is missing.</summary>
    One,
}

/// <summary>Inside an escape of a JSON string.</summary>
internal sealed class EscapeState(EscapePhase phase, GrammarState then) : GrammarState
{
    public override int Depth => then.Depth;

    protected override int FindCost() => then.Cost + (phase switch
    {
        EscapePhase.Four => 4,
        EscapePhase.Three or EscapePhase.ThreeAfterD => 3,
        EscapePhase.Two => 2,
        _ => 1,
    });

    public override void Read(int symbol, StateSet next)
    {
        var hexadecimal = symbol <= byte.MaxValue && char.IsAsciiHexDigit((char)symbol);
        switch (phase)
        {
            case EscapePhase.Kind when symbol == 'u':
                next.Add(new EscapeState(EscapePhase.Four, then));
                break;
            case EscapePhase.Kind when symbol is '"' or '\\' or '/' or 'b' or 'f' or 'n' or 'r' or 't':
                next.Add(then);
                break;
            case EscapePhase.Four when hexadecimal:
                next.Add(new EscapeState(symbol is 'd' or 'D' ? EscapePhase.ThreeAfterD : EscapePhase.Three, then));
                break;
            case EscapePhase.Three when hexadecimal:
            case EscapePhase.ThreeAfterD when symbol is >= '0' and <= '7':
                next.Add(new EscapeState(EscapePhase.Two, then));
                break;
            case EscapePhase.Two when hexadecimal:
                next.Add(new EscapeState(EscapePhase.One, then));
                break;
            case EscapePhase.One when hexadecimal:
                next.Add(then);
                break;
        }
    }

    public override GrammarState? WriteShortest(List<int> symbols)
    {
        // A valid character in any case: \n, or digits 0.
        symbols.AddRange(Enumerable.Repeat(phase == EscapePhase.Kind ? 'n' : (int)'0', Cost - then.Cost));
        return then;
    }

    public override bool SameAs(GrammarState other) => other is EscapeState escape && escape.SameAs(phase, then);

    private bool SameAs(EscapePhase otherPhase, GrammarState otherThen) => phase == otherPhase && StateSet.Same(then, otherThen);
}

/// <summary>The shortest ways out of a text.</summary>
internal static class TextEnding
{
    /// <summary>Ends the character at hand and adds those that are missing.</summary>
    public static void Write(int utf8, int missing, List<int> symbols)
    {
        foreach (var value in Utf8Progress.Ending(utf8))
        {
            symbols.Add(value);
        }

        symbols.AddRange(Enumerable.Repeat((int)'x', Math.Max(0, missing)));
    }
}

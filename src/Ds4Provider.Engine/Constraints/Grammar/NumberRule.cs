namespace Ds4Provider.Engine.Constraints.Grammar;

/// <summary>
/// A number of bounded length, so that no model can write digits for ever. Bounds hold for its integer part: a number
/// whose integer part is a bound itself has no fraction.
/// </summary>
/// <param name="hasFraction">Whether fraction and exponent are allowed.</param>
/// <param name="least">Least integer part.</param>
/// <param name="most">Greatest integer part.</param>
internal sealed class NumberRule(bool hasFraction, long least, long most) : JsonRule
{
    /// <summary>The largest integer part.</summary>
    public const long Largest = 999_999_999_999_999_999;

    // A double has 17 significant digits, and two digits of exponent never make it infinite.
    internal const int LongestInteger = 18;
    internal const int LongestFraction = 17;
    internal const int LongestExponent = 2;

    public bool HasFraction => hasFraction;

    /// <summary>Whether there are no bounds; only then is there an exponent.</summary>
    public bool IsUnbounded => least <= -Largest && most >= Largest;

    public override void Begin(GrammarState then, StateSet next) =>
        next.Add(new NumberState(this, NumberPhase.Start, false, 0, 0, then));

    public override void WriteShortest(List<int> symbols)
    {
        var negative = !CanWrite(negative: false, 0, 0);
        if (negative)
        {
            symbols.Add('-');
        }

        WriteDigits(Cheapest(negative, 0, 0), symbols);
    }

    /// <summary>Whether digits can be added so that the integer part keeps the bounds.</summary>
    public bool CanWrite(bool negative, long magnitude, int digits) => CheapestLength(negative, magnitude, digits) <= LongestInteger;

    /// <summary>Whether the integer part keeps the bounds as it is.</summary>
    public bool Keeps(bool negative, long magnitude)
    {
        var (low, high) = Magnitudes(negative);
        return magnitude >= low && magnitude <= high;
    }

    /// <summary>Whether every fraction after this integer part keeps the bounds.</summary>
    public bool KeepsFraction(bool negative, long magnitude) =>
        hasFraction && Keeps(negative, magnitude) && (IsUnbounded || magnitude < Magnitudes(negative).High);

    /// <summary>The shortest digits to add so that the integer part keeps the bounds.</summary>
    public string Cheapest(bool negative, long magnitude, int digits)
    {
        var length = CheapestLength(negative, magnitude, digits);
        var (low, _) = Magnitudes(negative);
        var (first, _) = Range(magnitude, length - digits);
        var value = Math.Max(first, low).ToString(System.Globalization.CultureInfo.InvariantCulture);
        return length == digits ? "" : value.PadLeft(length, '0')[digits..];
    }

    protected override Shortest FindShortest()
    {
        var positive = CanWrite(negative: false, 0, 0);
        return !positive && !CanWrite(negative: true, 0, 0)
            ? Shortest.None
            : new Shortest(CheapestLength(!positive, 0, 0) + (positive ? 0 : 1), 0);
    }

    private static void WriteDigits(string digits, List<int> symbols) => symbols.AddRange(digits.Select(digit => (int)digit));

    /// <summary>Digits of the shortest integer part that keeps the bounds and begins so.</summary>
    private int CheapestLength(bool negative, long magnitude, int digits)
    {
        var (low, high) = Magnitudes(negative);
        if (digits > 0 && magnitude == 0)
        {
            return low <= 0 && high >= 0 ? digits : LongestInteger + 1; // nothing follows a leading zero
        }

        for (var length = Math.Max(digits, 1); length <= LongestInteger; length++)
        {
            var (first, last) = Range(magnitude, length - digits);
            if (digits == 0 && length > 1)
            {
                first = Power(length - 1);
            }

            if (first <= high && last >= low)
            {
                return length;
            }
        }

        return LongestInteger + 1;
    }

    /// <summary>The integer parts that begin with the digits at hand and have so many more.</summary>
    private static (long First, long Last) Range(long magnitude, int more) =>
        (magnitude * Power(more), (magnitude * Power(more)) + Power(more) - 1);

    private static long Power(int exponent)
    {
        var power = 1L;
        for (var i = 0; i < exponent; i++)
        {
            power *= 10;
        }

        return power;
    }

    private (long Low, long High) Magnitudes(bool negative) => negative
        ? (Math.Max(0, -Math.Min(most, Largest)), -Math.Max(least, -Largest))
        : (Math.Max(0, least), Math.Min(most, Largest));
}

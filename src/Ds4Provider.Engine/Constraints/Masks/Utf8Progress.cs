namespace Ds4Provider.Engine.Constraints.Masks;

/// <summary>
/// How far a UTF-8 character is, as a state of the automaton of well-formed UTF-8 (Unicode, table 3-7). Tokens may split
/// a character, so a text is followed byte by byte.
/// </summary>
internal static class Utf8Progress
{
    /// <summary>Between characters.</summary>
    public const int Boundary = 0;

    /// <summary>No well-formed text begins so.</summary>
    public const int Invalid = -1;

    /// <summary>Number of states.</summary>
    public const int States = 8;

    // 1 … 3: that many continuation bytes are missing. After E0, ED, F0 and F4 the next one has a narrower range.
    private const int AfterE0 = 4;
    private const int AfterEd = 5;
    private const int AfterF0 = 6;
    private const int AfterF4 = 7;

    private static readonly sbyte[] Table = MakeTable();

    private static readonly byte[][] Endings =
        [[], [0x80], [0x80, 0x80], [0x80, 0x80, 0x80], [0xA0, 0x80], [0x80, 0x80], [0x90, 0x80, 0x80], [0x80, 0x80, 0x80]];

    /// <summary>The state after a byte, or <see cref="Invalid"/>.</summary>
    public static int Next(int state, int value) => Table[(state << 8) | value];

    /// <summary>Whether the byte begins a character.</summary>
    public static bool Begins(int value) => (value & 0xC0) != 0x80;

    /// <summary>Bytes that end the character at hand.</summary>
    public static ReadOnlySpan<byte> Ending(int state) => Endings[state];

    private static sbyte[] MakeTable()
    {
        var table = new sbyte[States << 8];
        for (var state = 0; state < States; state++)
        {
            for (var value = 0; value < 256; value++)
            {
                table[(state << 8) | value] = (sbyte)Rule(state, value);
            }
        }

        return table;
    }

    private static int Rule(int state, int value) => state switch
    {
        Boundary => value switch
        {
            < 0x80 => Boundary,
            >= 0xC2 and <= 0xDF => 1,
            0xE0 => AfterE0,
            0xED => AfterEd,
            >= 0xE1 and <= 0xEF => 2,
            0xF0 => AfterF0,
            >= 0xF1 and <= 0xF3 => 3,
            0xF4 => AfterF4,
            _ => Invalid,
        },
        AfterE0 => value is >= 0xA0 and <= 0xBF ? 1 : Invalid,
        AfterEd => value is >= 0x80 and <= 0x9F ? 1 : Invalid,
        AfterF0 => value is >= 0x90 and <= 0xBF ? 2 : Invalid,
        AfterF4 => value is >= 0x80 and <= 0x8F ? 2 : Invalid,
        _ => value is >= 0x80 and <= 0xBF ? state - 1 : Invalid,
    };
}

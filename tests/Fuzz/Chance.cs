using System.Text;

namespace Fuzz;

/// <summary>Choices that every target needs.</summary>
internal static class Chance
{
    /// <summary>Bytes and words that are trouble to what reads JSON, HTTP or markup.</summary>
    private static readonly byte[][] Snippets =
    [
        .. new[]
        {
            "null", "true", "{}", "[]", "-1", "1e999", "-0", "0.5", "1e-400", "\"\"", "\"\\ud800\"", "\"\\u0000\"", "\\udc00", "[[[[", "}}", "{", ",", ":", "\"", "\\",
            "99999999999999999999", "\r\n", "\n", "\r\n\r\n", " ", "\t", "\0", "😀", "\uFEFF", "<", "</", "｜DSML｜", "</think>", "<think>", "<｜User｜>",
            "\"text\"", "\"type\"", "\"$ref\"", "\"#\"", "/*", "NaN",
        }.Select(Encoding.UTF8.GetBytes),
        [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80], [0xE2, 0x96],
    ];

    public static T Of<T>(this Random random, IReadOnlyList<T> values) => values[random.Next(values.Count)];

    public static bool Once(this Random random, int times) => random.Next(times) == 0;

    /// <summary>A small number most of the time, a large one at times.</summary>
    public static int Few(this Random random, int most)
    {
        int few = random.Next(5);
        return few < 4 ? Math.Min(few, most) : random.Next(most + 1);
    }

    /// <summary>Damages bytes at a few places: removes, repeats, replaces, inserts, moves, cuts.</summary>
    public static byte[] Damage(this Random random, byte[] bytes, int edits)
    {
        for (int i = 0; i < edits; i++)
        {
            int at = random.Next(bytes.Length + 1);
            int length = Math.Min(random.Once(4) ? random.Next(200) : random.Next(8), bytes.Length - at);
            ReadOnlySpan<byte> piece = bytes.AsSpan(at, length);
            bytes = random.Next(7) switch
            {
                0 => [.. bytes.AsSpan(0, at), .. bytes.AsSpan(at + length)],
                1 => [.. bytes.AsSpan(0, at), .. piece, .. piece, .. bytes.AsSpan(at + length)],
                2 => [.. bytes.AsSpan(0, at), .. random.Of(Snippets), .. bytes.AsSpan(at + length)],
                3 => [.. bytes.AsSpan(0, at), .. random.Of(Snippets), .. bytes.AsSpan(at)],
                4 => Moved(random, bytes, at, length),
                5 when random.Once(5) => bytes[..at],
                _ => Flipped(random, bytes, at),
            };
        }
        return bytes;
    }

    private static byte[] Moved(Random random, byte[] bytes, int at, int length)
    {
        byte[] piece = bytes[at..(at + length)];
        byte[] rest = [.. bytes.AsSpan(0, at), .. bytes.AsSpan(at + length)];
        int to = random.Next(rest.Length + 1);
        return [.. rest.AsSpan(0, to), .. piece, .. rest.AsSpan(to)];
    }

    private static byte[] Flipped(Random random, byte[] bytes, int at)
    {
        if (at == bytes.Length)
            return [.. bytes, (byte)random.Next(256)];
        byte[] flipped = [.. bytes];
        flipped[at] ^= (byte)(1 << random.Next(8));
        return flipped;
    }
}

using System.Text;

namespace Benchmarks.Traces;

/// <summary>Texts of any length out of made-up words: only their sizes are those of real prompts. Not thread-safe.</summary>
internal sealed class Prose(Random random)
{
    private static readonly string[] Syllables =
        ["ka", "lo", "mi", "ter", "an", "sol", "ver", "pu", "dra", "ne", "fi", "gon", "bel", "tu", "ras", "ki", "om", "ley"];

    public Random Random => random;

    /// <summary>A text of about so many characters.</summary>
    public string Text(int length)
    {
        var text = new StringBuilder();
        while (text.Length < length)
        {
            text.Append(Word());
            text.Append(random.Next(12) switch { 0 => ".\n", 1 => ", ", _ => " " });
        }
        return text.ToString().TrimEnd() + ".";
    }

    /// <summary>A word.</summary>
    public string Word()
    {
        var word = new StringBuilder();
        for (int i = random.Next(1, 4); i > 0; i--)
            word.Append(Syllables[random.Next(Syllables.Length)]);
        return word.ToString();
    }
}

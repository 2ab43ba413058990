namespace Agent.Terminal;

/// <summary>Breaks text into lines of a width, at spaces where there are some.</summary>
internal static class WordWrap
{
    public static IReadOnlyList<string> Wrap(string text, int width)
    {
        List<string> lines = [];
        foreach (string line in text.Split('\n'))
            WrapLine(TextWidth.Printable(line), Math.Max(1, width), lines);
        return lines;
    }

    private static void WrapLine(string rest, int width, List<string> lines)
    {
        while (true)
        {
            string head = TextWidth.Take(rest, width);
            if (head.Length == rest.Length)
            {
                lines.Add(rest);
                return;
            }
            // A character that is wider than the line still has to go somewhere.
            if (head.Length == 0)
                head = rest[..(char.IsHighSurrogate(rest[0]) ? 2 : 1)];
            int space = rest[head.Length] == ' ' ? head.Length : head.LastIndexOf(' ');
            // An indentation is not a place to break.
            if (space > 0 && !string.IsNullOrWhiteSpace(head[..space]))
                head = head[..space];
            lines.Add(head);
            rest = rest[head.Length..];
            if (space > 0)
                rest = rest.TrimStart(' ');
        }
    }
}

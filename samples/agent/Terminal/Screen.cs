using System.Text;

namespace Agent.Terminal;

/// <summary>
/// A terminal that scrolls: lines that stay, and below them a few that are drawn anew each time. Nothing but these drawings
/// may be written to the terminal meanwhile. Not thread-safe.
/// </summary>
internal sealed class Screen(TextWriter writer, Func<(int Width, int Height)> size, bool colours)
{
    // Terminals that know it show each drawing at once; others ignore it.
    private const string BeginFrame = "\e[?2026h";
    private const string EndFrame = "\e[?2026l";

    private string previous = "";
    private int cursorRow;

    /// <summary>Columns that lines may take: the last one stays free, because some terminals break the line there.</summary>
    public int Width => Math.Max(20, size().Width - 1);

    /// <summary>Most lines that are drawn anew.</summary>
    public int LiveHeight => Math.Clamp(size().Height - 2, 3, 24);

    /// <summary>Adds lines that stay and replaces the changing ones.</summary>
    /// <param name="settled">Lines that stay.</param>
    /// <param name="live">Lines until the next drawing.</param>
    /// <param name="cursor">Where the cursor blinks among the live lines; null hides it.</param>
    public void Draw(IReadOnlyList<Line> settled, IReadOnlyList<Line> live, (int Row, int Column)? cursor = null)
    {
        StringBuilder text = new();
        foreach (Line line in settled)
            Append(text, line).Append("\r\n");
        for (int i = 0; i < live.Count; i++)
            Append(text, live[i]).Append(i + 1 < live.Count ? "\r\n" : "");
        int row = PlaceCursor(text, live.Count, cursor);

        string drawing = text.ToString();
        if (settled.Count == 0 && drawing == previous)
            return;
        string toTop = cursorRow > 0 ? $"\r\e[{cursorRow}A" : "\r";
        writer.Write($"{BeginFrame}{toTop}{drawing}{EndFrame}");
        previous = settled.Count == 0 ? drawing : "";
        cursorRow = row;
        writer.Flush();
    }

    /// <summary>Takes the changing lines away and shows the cursor.</summary>
    public void Clear()
    {
        Draw([], []);
        writer.Write("\e[?25h");
        writer.Flush();
        previous = "";
    }

    private StringBuilder Append(StringBuilder text, Line line)
    {
        line.WriteTo(text, colours);
        return text.Append("\e[K");
    }

    /// <summary>Ends a drawing with the cursor in its place; returns its row.</summary>
    private static int PlaceCursor(StringBuilder text, int lines, (int Row, int Column)? cursor)
    {
        text.Append("\e[J");
        int last = Math.Max(0, lines - 1);
        if (cursor is not { } position)
        {
            text.Append("\e[?25l");
            return last;
        }
        text.Append('\r');
        if (position.Row < last)
            text.Append("\e[").Append(last - position.Row).Append('A');
        if (position.Column > 0)
            text.Append("\e[").Append(position.Column).Append('C');
        text.Append("\e[?25h");
        return position.Row;
    }
}

using System.Text;
using Agent.Terminal;

namespace Agent.Specs.Support;

/// <summary>A terminal of the sequences that the agent writes, so that specs see what a person would. Thread-safe.</summary>
internal sealed class VirtualTerminal(int width, int height) : TextWriter
{
    private readonly Lock gate = new();
    private readonly List<StringBuilder> lines = [new()];
    private int row;
    private int column;
    private string escape = "";

    public override Encoding Encoding => Encoding.UTF8;

    public bool CursorIsVisible { get; private set; } = true;

    /// <summary>Frames written so far.</summary>
    public int Frames { get; private set; }

    public (int Width, int Height) Size => (width, height);

    /// <summary>Everything from the first line on, without empty lines at the end.</summary>
    public string Text
    {
        get
        {
            lock (gate)
                return string.Join('\n', lines.Select(line => line.ToString().TrimEnd())).TrimEnd('\n');
        }
    }

    public (int Row, int Column) Cursor
    {
        get
        {
            lock (gate)
                return (row, column);
        }
    }

    public override void Write(char value) => Write(value.ToString());

    public override void Write(string? value)
    {
        lock (gate)
        {
            foreach (Rune rune in (value ?? "").EnumerateRunes())
                Put(rune);
        }
    }

    private void Put(Rune rune)
    {
        if (escape.Length > 0)
        {
            escape += rune.ToString();
            if (escape.Length > 2 && rune.Value is >= '@' and <= '~')
            {
                Execute(escape);
                escape = "";
            }
            return;
        }
        switch (rune.Value)
        {
            case '\e':
                escape = "\e";
                break;
            case '\r':
                column = 0;
                break;
            case '\n':
                row++;
                if (row == lines.Count)
                    lines.Add(new StringBuilder());
                break;
            default:
                Print(rune);
                break;
        }
    }

    private void Print(Rune rune)
    {
        int cells = TextWidth.Of(rune);
        (column + cells).ShouldBeLessThanOrEqualTo(width, "a line ran over the edge");
        StringBuilder line = lines[row];
        // Columns are counted in characters here; a wide one is followed by nothing, which is enough for these specs.
        while (line.Length < column)
            line.Append(' ');
        string text = rune.ToString();
        if (column < line.Length)
            line.Remove(column, Math.Min(text.Length, line.Length - column));
        line.Insert(column, text);
        column += text.Length;
    }

    private void Execute(string sequence)
    {
        string parameters = sequence[2..^1];
        int count = int.TryParse(parameters, out int number) ? number : 1;
        switch (sequence[^1])
        {
            case 'A':
                row.ShouldBeGreaterThanOrEqualTo(count, "the cursor left the screen");
                row -= count;
                break;
            case 'C':
                column += count;
                break;
            case 'K':
                if (column < lines[row].Length)
                    lines[row].Length = column;
                break;
            case 'J':
                if (column < lines[row].Length)
                    lines[row].Length = column;
                lines.RemoveRange(row + 1, lines.Count - row - 1);
                break;
            case 'm':
                break;
            case 'h' or 'l' when parameters == "?25":
                CursorIsVisible = sequence[^1] == 'h';
                break;
            case 'h' when parameters == "?2026":
                Frames++;
                break;
            case 'l' when parameters == "?2026":
                break;
            default:
                throw new InvalidOperationException($"Unknown sequence {sequence.Replace("\e", "ESC")}");
        }
    }
}

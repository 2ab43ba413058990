using System.Globalization;
using System.Text;

namespace Agent.Terminal;

/// <summary>A line that a person types, with history. Several lines when text is pasted, or with Alt+Enter. Not thread-safe.</summary>
internal sealed class LineEditor
{
    private const string Mark = "> ";

    private readonly List<string> history = [];
    private readonly StringBuilder text = new();
    private int cursor;
    private int historyPosition;
    private string draft = "";

    public string Text => text.ToString();

    /// <summary>Handles a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="moreWaiting">More keys wait already: the text is being pasted, and Enter is a part of it.</param>
    public EditorAction Handle(ConsoleKeyInfo key, bool moreWaiting)
    {
        bool control = key.Modifiers.HasFlag(ConsoleModifiers.Control);
        switch (key.Key)
        {
            case ConsoleKey.Enter when moreWaiting || key.Modifiers.HasFlag(ConsoleModifiers.Alt):
                Insert("\n");
                break;
            case ConsoleKey.Enter:
                return EditorAction.Submit;
            case ConsoleKey.C when control:
                return EditorAction.Interrupt;
            case ConsoleKey.D when control && text.Length == 0:
                return EditorAction.End;
            case ConsoleKey.Escape:
                Replace("");
                break;
            case ConsoleKey.Backspace:
                Remove(PreviousStop(), cursor);
                break;
            case ConsoleKey.Delete:
            case ConsoleKey.D when control:
                Remove(cursor, NextStop());
                break;
            case ConsoleKey.U when control:
                Remove(0, cursor);
                break;
            case ConsoleKey.K when control:
                Remove(cursor, text.Length);
                break;
            case ConsoleKey.W when control:
                Remove(PreviousWord(), cursor);
                break;
            case ConsoleKey.LeftArrow:
                cursor = control ? PreviousWord() : PreviousStop();
                break;
            case ConsoleKey.RightArrow:
                cursor = NextStop();
                break;
            case ConsoleKey.Home:
            case ConsoleKey.A when control:
                cursor = 0;
                break;
            case ConsoleKey.End:
            case ConsoleKey.E when control:
                cursor = text.Length;
                break;
            case ConsoleKey.UpArrow:
                Recall(historyPosition - 1);
                break;
            case ConsoleKey.DownArrow:
                Recall(historyPosition + 1);
                break;
            default:
                if (!char.IsControl(key.KeyChar))
                    Insert(key.KeyChar.ToString());
                break;
        }
        return EditorAction.None;
    }

    /// <summary>Takes the text out and remembers it.</summary>
    public string Take()
    {
        string taken = Text;
        if (taken.Trim().Length > 0 && history.LastOrDefault() != taken)
            history.Add(taken);
        Replace("");
        historyPosition = history.Count;
        return taken;
    }

    public void Replace(string newText)
    {
        text.Clear().Append(newText);
        cursor = text.Length;
    }

    /// <summary>The lines of the screen, and where the cursor stands.</summary>
    public PromptLines Render(int width, string hint)
    {
        List<Line> lines = [];
        int room = width - Mark.Length;
        StringBuilder row = new();
        int rowWidth = 0;
        (int Row, int Column) place = (0, Mark.Length);
        int position = 0;
        foreach (Rune rune in Text.EnumerateRunes())
        {
            if (position == cursor)
                place = (lines.Count, Mark.Length + rowWidth);
            position += rune.Utf16SequenceLength;
            if (rune.Value == '\n' || rowWidth + TextWidth.Of(rune) > room)
                EndRow();
            if (rune.Value == '\n')
                continue;
            row.Append(rune);
            rowWidth += TextWidth.Of(rune);
            if (position - rune.Utf16SequenceLength == cursor)
                place = (lines.Count, Mark.Length + rowWidth - TextWidth.Of(rune));
        }
        if (cursor == position)
            place = (lines.Count, Mark.Length + rowWidth);
        EndRow();
        if (text.Length == 0 && hint.Length > 0)
            lines[0] = new Line(new Span(Mark, Tone.Accent), new Span(hint, Tone.Dim)).Clip(width);
        return new PromptLines(lines, place.Row, place.Column);

        void EndRow()
        {
            lines.Add(new Line(new Span(lines.Count == 0 ? Mark : "  ", Tone.Accent), new Span(row.ToString())));
            row.Clear();
            rowWidth = 0;
        }
    }

    private void Insert(string inserted)
    {
        text.Insert(cursor, inserted);
        cursor += inserted.Length;
    }

    private void Remove(int start, int end)
    {
        text.Remove(start, end - start);
        cursor = start;
    }

    private void Recall(int position)
    {
        if (position < 0 || position > history.Count)
            return;
        if (historyPosition == history.Count)
            draft = Text;
        historyPosition = position;
        Replace(position == history.Count ? draft : history[position]);
    }

    // A stop is where a character as people see it begins or ends.
    private int NextStop() => cursor + (cursor < text.Length ? StringInfo.GetNextTextElementLength(Text, cursor) : 0);

    private int PreviousStop()
    {
        int stop = 0;
        while (stop < cursor)
        {
            int next = stop + StringInfo.GetNextTextElementLength(Text, stop);
            if (next >= cursor)
                break;
            stop = next;
        }
        return stop;
    }

    private int PreviousWord()
    {
        int position = cursor;
        while (position > 0 && char.IsWhiteSpace(text[position - 1]))
            position--;
        while (position > 0 && !char.IsWhiteSpace(text[position - 1]))
            position--;
        return position;
    }
}

/// <summary>What a key asks for beyond the text.</summary>
internal enum EditorAction
{
    None,

    /// <summary>The text is complete.</summary>
    Submit,

    /// <summary>Ctrl+C.</summary>
    Interrupt,

    /// <summary>Ctrl+D in an empty line.</summary>
    End,
}

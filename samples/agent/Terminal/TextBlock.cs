using System.Text;

namespace Agent.Terminal;

/// <summary>Text that the model is writing.</summary>
/// <param name="kind">Text or thinking.</param>
/// <param name="tone">How it looks.</param>
/// <param name="settles">Whether lines may leave the block before it is done.</param>
internal sealed class TextBlock(BlockKind kind, Tone tone, bool settles) : IBlock
{
    /// <summary>Lines shown of a text that does not settle.</summary>
    private const int TailLines = 6;

    private readonly StringBuilder text = new();

    public BlockKind Kind => kind;

    public bool IsDone { get; private set; }

    public void Append(string more)
    {
        // Models begin with empty lines.
        text.Append(text.Length == 0 ? more.TrimStart('\n', '\r') : more);
    }

    public void End() => IsDone = true;

    public IReadOnlyList<Line> TakeSettled(int width)
    {
        if (!settles || IsDone)
            return [];
        IReadOnlyList<string> lines = WordWrap.Wrap(text.ToString(), width);
        if (lines.Count < 2)
            return [];
        text.Clear().Append(lines[^1]);
        // A text that ends with a line break has an empty last line, which may still become a paragraph.
        return [.. lines.SkipLast(1).Select(ToLine)];
    }

    public IReadOnlyList<Line> Render(int width)
    {
        string shown = IsDone ? text.ToString().TrimEnd() : text.ToString();
        if (shown.Length == 0)
            return [];
        IEnumerable<string> lines = WordWrap.Wrap(shown, width);
        return [.. (settles || IsDone ? lines : lines.TakeLast(TailLines)).Select(ToLine)];
    }

    private Line ToLine(string line) => Line.Of(line, tone);
}

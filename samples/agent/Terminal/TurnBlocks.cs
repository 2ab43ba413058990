using Agent.Loop;
using AgentHost;

namespace Agent.Terminal;

/// <summary>The parts of a turn that are still changing, oldest first. Not thread-safe.</summary>
/// <param name="showsThinking">Whether the text of the model's thinking appears.</param>
/// <param name="keepsAnswer">Whether the answer stays on the screen; otherwise somebody else prints it.</param>
/// <param name="time">Measures calls.</param>
internal sealed class TurnBlocks(bool showsThinking, bool keepsAnswer, TimeProvider time)
{
    private readonly List<IBlock> blocks = [];
    private readonly CallRows rows = new(time);
    private BlockKind? lastKind;

    public void Begin() => rows.Begin();

    public void Reasoning(string text)
    {
        if (showsThinking)
            Current(BlockKind.Thinking, Tone.Dim, settles: true).Append(text);
    }

    public void Text(string text) => Current(BlockKind.Text, Tone.Normal, settles: keepsAnswer).Append(text);

    public void Notice(string text, Tone tone, BlockKind kind = BlockKind.Notice)
    {
        TextBlock notice = new(kind, tone, settles: false);
        notice.Append(text);
        notice.End();
        // A notice does not wait until the calls above it are done.
        blocks.Insert(blocks.FindIndex(block => !block.IsDone) is >= 0 and var at ? at : blocks.Count, notice);
    }

    public void CallWriting(ToolCallFragment fragment) => Show(rows.Writing(fragment));

    public void CallWritten(int index, string callId, string name, string arguments) =>
        Show(rows.Written(index, callId, name, arguments));

    public CallRow? Find(string callId) => rows.Find(callId);

    public void ReplyEnded(ReplyEnd end)
    {
        EndText();
        if (end == ReplyEnd.Answer && !keepsAnswer)
            blocks.RemoveAll(block => block.Kind == BlockKind.Text);
        if (end == ReplyEnd.Aborted)
        {
            foreach (CallRow row in blocks.OfType<CallRow>().Where(row => row.Phase is CallPhase.Writing or CallPhase.Waiting))
                row.End(new ToolResult("", IsError: true) { Summary = "not run" });
        }
    }

    /// <summary>Takes the lines that stay from now on.</summary>
    public IReadOnlyList<Line> TakeSettled(int width)
    {
        List<Line> lines = [];
        while (blocks.Count > 0)
        {
            IBlock first = blocks[0];
            Add(lines, first.Kind, first.TakeSettled(width), ref lastKind);
            if (!first.IsDone)
                break;
            Add(lines, first.Kind, first.Render(width), ref lastKind);
            blocks.RemoveAt(0);
        }
        return lines;
    }

    /// <summary>The lines that still change.</summary>
    public IReadOnlyList<Line> Render(int width)
    {
        List<Line> lines = [];
        BlockKind? kind = lastKind;
        foreach (IBlock block in blocks)
            Add(lines, block.Kind, block.Render(width), ref kind);
        return lines;
    }

    private static void Add(List<Line> lines, BlockKind kind, IReadOnlyList<Line> more, ref BlockKind? last)
    {
        if (more.Count == 0)
            return;
        if (last is not null && last != kind)
            lines.Add(Line.Empty);
        lines.AddRange(more);
        last = kind;
    }

    private TextBlock Current(BlockKind kind, Tone tone, bool settles)
    {
        if (blocks.LastOrDefault() is TextBlock { IsDone: false } open && open.Kind == kind)
            return open;
        EndText();
        TextBlock block = new(kind, tone, settles);
        blocks.Add(block);
        return block;
    }

    private void EndText()
    {
        foreach (TextBlock block in blocks.OfType<TextBlock>())
            block.End();
    }

    private void Show(CallRow row)
    {
        if (row.IsShown)
            return;
        row.IsShown = true;
        EndText();
        blocks.Add(row);
    }
}

using System.Text;
using Ds4Provider.Engine.Replies;

namespace Ds4Provider.Server.Streaming;

/// <summary>
/// A reply as a sequence of blocks, of which one at most is open: the form of the APIs whose replies are lists of
/// content. Text that the model writes in the middle of a call waits until the call has ended. Not thread-safe.
/// </summary>
/// <remarks>
/// A block ends when the next one begins, or with the reply. So the block that a limit cut is known as such when it ends.
/// </remarks>
internal sealed class ReplyBlocks(IBlockSink sink)
{
    private readonly List<ReplyBlock> blocks = [];
    private readonly StringBuilder waiting = new();
    private ReplyBlock? open;
    private bool inCall;

    private ReplyBlocks()
        : this(NoSink.Instance)
    {
    }

    public IReadOnlyList<ReplyBlock> All => blocks;

    /// <summary>The blocks of a whole reply.</summary>
    public static ReplyBlocks Of(IReadOnlyList<ReplyEvent> events, FinishReason reason, bool textNeeded)
    {
        var all = new ReplyBlocks();
        foreach (ReplyEvent replyEvent in events)
            all.Add(replyEvent);
        all.End(reason, textNeeded);
        return all;
    }

    public void Add(ReplyEvent replyEvent)
    {
        switch (replyEvent)
        {
            case ReasoningDelta reasoning:
                Append(BlockKind.Reasoning, reasoning.Text);
                break;
            case TextDelta text when inCall:
                waiting.Append(text.Text);
                break;
            case TextDelta text:
                Append(BlockKind.Text, text.Text);
                break;
            case CallStarted call:
                Begin(new ReplyBlock(blocks.Count, BlockKind.Call) { CallId = call.Id, Name = call.Name });
                inCall = true;
                break;
            case ArgumentsDelta arguments:
                Append(open ?? throw new InvalidOperationException("Arguments without a call."), arguments.Json);
                break;
            case CallEnded:
                inCall = false;
                ReleaseWaiting();
                break;
        }
    }

    /// <summary>Ends the open block.</summary>
    /// <param name="reason">Why the reply ended; the block that a limit cut is incomplete.</param>
    /// <param name="textNeeded">Whether a reply of reasoning alone, or of nothing, gets an empty text.</param>
    public void End(FinishReason reason, bool textNeeded)
    {
        inCall = false;
        ReleaseWaiting();
        if (textNeeded && blocks.TrueForAll(block => block.Kind == BlockKind.Reasoning))
        {
            Begin(new ReplyBlock(blocks.Count, BlockKind.Text));
            reason = open!.Index > 0 ? reason : FinishReason.Stop;
        }
        Close(cut: reason == FinishReason.Length);
    }

    private void ReleaseWaiting()
    {
        if (waiting.Length == 0)
            return;
        string text = waiting.ToString();
        waiting.Clear();
        Append(BlockKind.Text, text);
    }

    private void Append(BlockKind kind, string piece)
    {
        if (open?.Kind != kind)
            Begin(new ReplyBlock(blocks.Count, kind));
        Append(open!, piece);
    }

    private void Append(ReplyBlock block, string piece)
    {
        block.Append(piece);
        sink.Append(block, piece);
    }

    private void Begin(ReplyBlock block)
    {
        Close(cut: false);
        open = block;
        blocks.Add(block);
        sink.Begin(block);
    }

    private void Close(bool cut)
    {
        if (open is not { } block)
            return;
        open = null;
        block.IsCut = cut;
        sink.End(block);
    }

    private sealed class NoSink : IBlockSink
    {
        public static NoSink Instance { get; } = new();

        public void Begin(ReplyBlock block)
        {
        }

        public void Append(ReplyBlock block, string piece)
        {
        }

        public void End(ReplyBlock block)
        {
        }
    }
}

/// <summary>Told about blocks as they come: begin, pieces, end, then the next.</summary>
internal interface IBlockSink
{
    void Begin(ReplyBlock block);

    void Append(ReplyBlock block, string piece);

    void End(ReplyBlock block);
}

/// <summary>A stretch of a reply that is of one kind.</summary>
/// <param name="index">Its position, from 0.</param>
/// <param name="kind">Its kind.</param>
internal sealed class ReplyBlock(int index, BlockKind kind)
{
    private readonly StringBuilder content = new();

    public int Index { get; } = index;

    public BlockKind Kind { get; } = kind;

    /// <summary>Id of the call.</summary>
    public string CallId { get; init; } = "";

    /// <summary>Name of the called function.</summary>
    public string Name { get; init; } = "";

    /// <summary>Text, or a call's arguments as JSON.</summary>
    public string Content => content.ToString();

    /// <summary>Whether a limit ended the reply in this block; known at its end.</summary>
    public bool IsCut { get; set; }

    public void Append(string piece) => content.Append(piece);
}

/// <summary>Kind of a block.</summary>
internal enum BlockKind
{
    Reasoning,
    Text,
    Call,
}

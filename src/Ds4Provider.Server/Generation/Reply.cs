using System.Text;
using Ds4Provider.Engine;
using Ds4Provider.Engine.Constraints;
using Ds4Provider.Engine.Replies;

namespace Ds4Provider.Server.Generation;

/// <summary>A reply while it is generated: sampled tokens in, events out. Not thread-safe.</summary>
internal sealed class Reply
{
    private readonly LoadedModel model;
    private readonly int cached;
    private readonly StopStrings stops;
    private readonly ITokenConstraint constraint;
    private readonly List<int> sampled = [];
    private readonly List<ReplyEvent> events = [];

    public Reply(LoadedModel model, GenerationJob job, int cached)
    {
        this.model = model;
        this.cached = cached;
        Job = job;
        Parser = model.CreateReplyParser(job.Thinking, job.Grammar.AllowsCalls, isConstrained: true);
        constraint = job.Grammar.Begin(job.Thinking);
        stops = new StopStrings(job.StopStrings);
    }

    public GenerationJob Job { get; }

    public IReplyParser Parser { get; }

    public ReplyTranscript Transcript { get; } = new();

    /// <summary>Why the reply must end now; null while it goes on.</summary>
    public FinishReason? End =>
        stops.IsMet ? FinishReason.Stop
        : Parser.IsComplete ? Ended(FinishReason.ToolCalls)
        : constraint.IsComplete ? Ended(FinishReason.Stop)
        : sampled.Count >= Job.MaximumTokens ? FinishReason.Length
        : null;

    public GenerationUsage Usage => new(Job.Prompt.Length, cached, sampled.Count, Parser.ReasoningTokens);

    /// <summary>Tokens that may still be generated.</summary>
    private int Remaining => Job.MaximumTokens - sampled.Count;

    /// <summary>The tokens that may be sampled next; valid until the next call.</summary>
    public TokenSet Mask() => constraint.Mask(Remaining);

    /// <summary>
    /// Takes a sampled token, or another one where the grammar needs it; null when that is the end-of-sentence.
    /// </summary>
    public int? Push(int token)
    {
        token = constraint.Accept(token, Remaining);
        if (token == model.Tokenizer.Control.EndOfSentence)
            return null;
        sampled.Add(token);
        Parser.Push(token, events);
        Deliver();
        return token;
    }

    /// <summary>Ends the reply; its last event waits for <see cref="DeliverFinished"/>.</summary>
    public void Complete(FinishReason reason)
    {
        Parser.Complete(reason, events);
        // A block that the limit forced to its end is whole, but its last call is not what the model meant.
        if (events is [.., Finished] && constraint.WasCutShort)
            events[^1] = new Finished(FinishReason.Length);
        Deliver();
    }

    /// <summary>Delivers the last event: from now on the client may send the next request.</summary>
    public void DeliverFinished()
    {
        Job.MetStopString = stops.Met;
        Job.Deliver(new Finished(Transcript.Reason ?? throw new InvalidOperationException("The reply has no end.")));
        Job.Complete();
    }

    /// <summary>The tokens that stand for what the client saw, or null when none do.</summary>
    public IReadOnlyList<int>? ReplayableTokens()
    {
        if (stops.IsMet)
            return VisibleTokens();
        // A block of calls that the limit cut is closed in the events only; its tokens would leave it open.
        return Transcript.Calls.Count > 0 && !Parser.IsComplete ? null : sampled;
    }

    /// <summary>
    /// The tokens before a stop string, when it began with a token. The client never saw the rest, so neither may the
    /// model on the next turn.
    /// </summary>
    private List<int>? VisibleTokens()
    {
        int text = Job.Thinking ? sampled.IndexOf(model.Tokenizer.Control.ThinkClose) + 1 : 0;
        ReadOnlySpan<byte> seen = Encoding.UTF8.GetBytes(Transcript.Text);
        int count = text;
        while (count < sampled.Count && seen.Length > 0)
        {
            ReadOnlySpan<byte> bytes = model.Tokenizer.Bytes(sampled[count]);
            if (!seen.StartsWith(bytes))
                return null;
            seen = seen[bytes.Length..];
            count++;
        }
        return seen.IsEmpty ? sampled[..count] : null;
    }

    private FinishReason Ended(FinishReason reason) => constraint.WasCutShort ? FinishReason.Length : reason;

    private void Deliver()
    {
        foreach (ReplyEvent replyEvent in events)
            stops.Push(replyEvent, Pass);
        events.Clear();
    }

    private void Pass(ReplyEvent replyEvent)
    {
        Transcript.Add(replyEvent);
        if (replyEvent is not Finished)
            Job.Deliver(replyEvent);
    }
}

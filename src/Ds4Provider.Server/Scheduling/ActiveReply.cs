using Ds4Provider.Engine;
using Ds4Provider.Engine.Constraints;
using Ds4Provider.Engine.Prompting;
using Ds4Provider.Engine.Replies;
using Ds4Provider.Engine.Sampling;
using Ds4Provider.Server.Generation;
using Ds4Provider.Server.Replay;
using Ds4Provider.Server.Sessions;

namespace Ds4Provider.Server.Scheduling;

/// <summary>A job that has a slot: its prompt is evaluated stretch by stretch, then it is generated token by token. Used by the worker only.</summary>
internal sealed class ActiveReply : IDisposable
{
    /// <summary>Tokens of a reply between two checkpoints: what an edit of it may cost.</summary>
    private const int CheckpointInterval = 1024;

    private readonly CancellationTokenSource cancellation;
    private readonly CancellationTokenSource promptCancellation;
    private readonly SlotTable slots;
    private readonly WorkMeter meter;
    private readonly TimeProvider time;
    private readonly Queue<Boundary> boundaries;
    private readonly Reply reply;
    private readonly ISampler sampler;
    private int done;
    private bool hasEndured;

    /// <summary>Gives the job a slot; whoever is to have the slot back disposes of this.</summary>
    public ActiveReply(
        LoadedModel model, SlotTable slots, GenerationJob job, WorkMeter meter, TimeProvider time, StopTokens stopping)
    {
        this.slots = slots;
        this.meter = meter;
        this.time = time;
        Job = job;
        sampler = LoadedModel.CreateSampler(job.Sampling);
        Reuse = slots.Begin(Prompt);
        try
        {
            done = Reuse.Cached;
            job.IsFromDisk = Reuse.Source == ReuseSource.Disk;
            boundaries = new Queue<Boundary>(Boundaries.Find(Prompt, done, model.Tokenizer.Control, job.ReasoningIsDropped));
            reply = new Reply(model, job, Reuse.Cached);
            cancellation = CancellationTokenSource.CreateLinkedTokenSource(job.CancellationToken, stopping.Replies);
            promptCancellation = CancellationTokenSource.CreateLinkedTokenSource(cancellation.Token, stopping.Prompts);
        }
        catch
        {
            slots.End(Slot);
            throw;
        }
        job.Progress = new GenerationProgress(GenerationPhase.Prefilling, done, Prompt.Length, null);
    }

    public GenerationJob Job { get; }

    /// <summary>Where it went on.</summary>
    public Reuse Reuse { get; }

    public Slot Slot => Reuse.Slot;

    public CancellationToken CancellationToken => cancellation.Token;

    /// <summary>Prompt tokens that are still to be evaluated.</summary>
    public int Remaining => Prompt.Length - done;

    /// <summary>Whether tokens can be sampled.</summary>
    public bool IsPrefilled => Remaining == 0;

    /// <summary>Time spent on the prompt.</summary>
    public TimeSpan PrefillTime { get; private set; }

    public ReplyTranscript Transcript => reply.Transcript;

    private ReadOnlySpan<int> Prompt => Job.Prompt.Span;

    /// <summary>Evaluates the next tokens of the prompt, to the next boundary at most.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; what was evaluated stays in the slot.</exception>
    public void Prefill(int most)
    {
        promptCancellation.Token.ThrowIfCancellationRequested();
        int first = done;
        int end = Math.Min(first + most, boundaries.TryPeek(out Boundary boundary) ? boundary.Position : Prompt.Length);
        long start = time.GetTimestamp();
        TimeSpan before = PrefillTime;
        Slot.Prefill(Prompt[first..end], Report, promptCancellation.Token);
        Report(end - first);
        Endured();
        if (boundaries.TryPeek(out boundary) && boundary.Position == end)
        {
            boundaries.Dequeue();
            slots.Keep(Slot, boundary.Place);
        }
        else if (IsPrefilled && !Job.ReasoningIsDropped)
        {
            slots.Keep(Slot, StatePlace.End);
        }
        if (IsPrefilled)
            Job.Progress = Job.Progress with { Phase = GenerationPhase.Generating };

        // After every tile: the work that is counted is how the watchdog tells a busy engine from a stuck one.
        void Report(int tokens)
        {
            meter.Prefilled(first + tokens - done);
            done = first + tokens;
            PrefillTime = before + time.GetElapsedTime(start);
            int evaluated = done - Reuse.Cached;
            double seconds = PrefillTime.TotalSeconds;
            Job.Progress = new GenerationProgress(
                GenerationPhase.Prefilling, done, Prompt.Length, seconds > 0 && evaluated > 0 ? Math.Round(evaluated / seconds, 1) : null);
        }
    }

    /// <summary>Samples a token and delivers it: the client has it before the next one is computed.</summary>
    /// <returns>The token, which is to be evaluated; null when the reply has ended.</returns>
    /// <remarks>The last token is never evaluated: the next prompt brings it, together with the end-of-sentence.</remarks>
    public int? Sample()
    {
        CancellationToken.ThrowIfCancellationRequested();
        if (reply.End is { } before)
            return End(before);
        TokenSet mask = reply.Mask();
        int sampled = reply.Parser.IsSyntax ? sampler.Best(Slot.Logits, mask) : sampler.Sample(Slot.Logits, mask);
        if (reply.Push(sampled) is not { } token)
            return End(FinishReason.Stop);
        return reply.End is { } reason ? End(reason) : token;
    }

    /// <summary>Notes that a sampled token was evaluated.</summary>
    public void Decoded(int token)
    {
        Slot.Decoded(token);
        Endured();
        if ((Slot.Tokens.Length - Prompt.Length) % CheckpointInterval == 0)
            slots.Keep(Slot, StatePlace.Passing);
    }

    /// <summary>Tokens read and written.</summary>
    public GenerationUsage Usage => reply.Usage;

    /// <summary>What the client may send back, with the tokens that stand for it; null when none do.</summary>
    public SampledTurn? SampledTurn() => reply.ReplayableTokens() is not { } tokens ? null : new SampledTurn(
        new AssistantMessage(Transcript.Text)
        {
            Reasoning = Transcript.Reasoning,
            Calls = [.. Transcript.Calls.Select(call => new AssistantCall(call.Id, call.Name, call.Arguments))],
        },
        [.. tokens], Job.Thinking, Job.History);

    /// <summary>Delivers the last event: from now on the client may send the next request.</summary>
    public void DeliverFinished()
    {
        Job.Usage = Usage;
        reply.DeliverFinished();
    }

    public void Dispose()
    {
        slots.End(Slot);
        promptCancellation.Dispose();
        cancellation.Dispose();
    }

    private void Endured()
    {
        if (hasEndured)
            return;
        hasEndured = true;
        slots.Endured(Reuse);
    }

    private int? End(FinishReason reason)
    {
        reply.Complete(reason);
        return null;
    }
}

using Ds4Provider.Engine;
using Ds4Provider.Server.Generation;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Replay;
using Ds4Provider.Server.Sessions;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Server.Scheduling;

/// <summary>
/// Shares the engine among the replies that have a slot: every round gives each of those that are being generated one
/// token, all with one reading of the weights, and one prompt a stretch. Prompts and replies get the same time. Used by
/// the worker's thread only.
/// </summary>
internal sealed partial class ReplyScheduler(
    LoadedModel model, SlotTable slots, RequestQueue queue, SampledTurnStore turns, WorkMeter meter, ReuseMeter reuse, TimeProvider time,
    ILogger<ReplyScheduler> logger, StopTokens stopping)
{
    /// <summary>Longest stretch of a prompt while nobody else waits: what the engine evaluates together.</summary>
    private const int LongestStretch = 2048;

    /// <summary>Fewer tokens than this cost nearly as much as this many.</summary>
    private const int ShortestStretch = 32;

    /// <summary>How long others wait for a stretch.</summary>
    private static readonly TimeSpan SharedStretch = TimeSpan.FromSeconds(1);

    private readonly List<ActiveReply> active = [];
    private double prefillRate; // tokens per second, of late
    private long repliesUntil; // until then replies are generated without stretches between
    private bool shortestFirst;

    /// <summary>Where sampled turns outlive the server; null = nowhere.</summary>
    public SampledTurnLog? TurnLog { get; init; }

    /// <summary>Works until the queue is closed and nothing is left to do.</summary>
    public void Run()
    {
        while (Admit())
        {
            Generate();
            if (NextPrompt() is { } next)
                Prefill(next);
        }
    }

    /// <summary>Gives slots to waiting jobs; waits for one when there is nothing else to do.</summary>
    private bool Admit()
    {
        while (slots.HasIdle && queue.Take(wait: active.Count == 0) is { } job)
            Begin(job);
        return active.Count > 0 || !queue.IsClosed;
    }

    private void Begin(GenerationJob job)
    {
        try
        {
            Likeness likest = slots.FindLikest(job.Prompt.Span);
            var reply = new ActiveReply(model, slots, job, meter, time, stopping);
            reuse.Begun(reply.Reuse.Source, reply.Reuse.Cached);
            LogBegun(job.Id, job.Prompt.Length, reply.Reuse.Cached, reply.Reuse.Source);
            if (likest.Common < likest.Held && likest.Common < job.Prompt.Length)
                ExplainDivergence(job, likest);
            active.Add(reply);
        }
        catch (Exception failure)
        {
            Fail(job, failure);
            queue.Ended(job);
        }
    }

    private void ExplainDivergence(GenerationJob job, Likeness likest)
    {
        PromptPlace place = PromptPlace.Of(job.Prompt.Span, likest.Common, model.Tokenizer.Control);
        LogDiverged(job.Id, likest.Common, likest.Held, place.Message, place.Role);
    }

    // ---- tokens

    private void Generate()
    {
        var sampled = new List<(ActiveReply Reply, int Token)>();
        foreach (ActiveReply reply in active.Where(reply => reply.IsPrefilled).ToArray())
        {
            Attempt(reply, () =>
            {
                if (reply.Sample() is not { } token)
                {
                    Finish(reply);
                    return;
                }
                meter.Generated();
                sampled.Add((reply, token));
            });
        }
        if (sampled.Count > 0)
            Decode(sampled);
    }

    private void Decode(List<(ActiveReply Reply, int Token)> sampled)
    {
        try
        {
            if (sampled is [(var alone, var only)])
                alone.Slot.Session.Decode(only);
            else
                model.Model.Decode([.. sampled.Select(s => s.Reply.Slot.Session)], [.. sampled.Select(s => s.Token)]);
        }
        catch (Exception failure)
        {
            foreach ((ActiveReply reply, _) in sampled)
                Break(reply, failure);
            return;
        }
        foreach ((ActiveReply reply, int token) in sampled)
            Attempt(reply, () => reply.Decoded(token));
    }

    // ---- prompts

    /// <summary>
    /// The prompt whose turn it is: by turns the one with the least left and the oldest, so that short ones are not held
    /// up by long ones and long ones go on all the same.
    /// </summary>
    private ActiveReply? NextPrompt()
    {
        List<ActiveReply> prompts = active.FindAll(reply => !reply.IsPrefilled);
        if (prompts.Count == 0 || (prompts.Count < active.Count && time.GetTimestamp() < repliesUntil))
            return null;
        shortestFirst = !shortestFirst;
        return shortestFirst ? prompts.MinBy(reply => reply.Remaining) : prompts[0];
    }

    private void Prefill(ActiveReply reply)
    {
        bool isShared = active.Count > 1 || queue.HasWaiting;
        int most = !isShared ? LongestStretch
            : (int)Math.Clamp(prefillRate * SharedStretch.TotalSeconds, ShortestStretch, LongestStretch);
        long start = time.GetTimestamp();
        int before = reply.Remaining;
        Attempt(reply, () => reply.Prefill(most));
        TimeSpan taken = time.GetElapsedTime(start);
        int evaluated = before - reply.Remaining;
        reuse.Evaluated(evaluated, taken);
        if (evaluated >= ShortestStretch && taken > TimeSpan.Zero)
            prefillRate = evaluated / taken.TotalSeconds;
        repliesUntil = time.GetTimestamp() + (long)(taken.TotalSeconds * time.TimestampFrequency);
    }

    // ---- ends

    private void Finish(ActiveReply reply)
    {
        if (reply.SampledTurn() is { } turn)
            Remember(turns.Remember(turn));
        GenerationUsage usage = reply.Usage;
        LogDone(reply.Job.Id, usage.Prompt, usage.Cached, reply.PrefillTime, usage.Completion, reply.Transcript.Reason);
        reply.DeliverFinished();
        KeepAndLeave(reply);
    }

    private void Remember(RememberedTurn turn)
    {
        try
        {
            TurnLog?.Append(turn);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            LogTurnNotWritten(failure);
        }
    }

    /// <summary>Does a part of one reply; what goes wrong there ends this reply only.</summary>
    private void Attempt(ActiveReply reply, Action part)
    {
        try
        {
            part();
        }
        catch (OperationCanceledException cancelled)
        {
            bool clientLeft = reply.Job.CancellationToken.IsCancellationRequested;
            LogCancelled(reply.Job.Id, clientLeft ? "its client left" : "the server stops");
            reply.Job.Fail(clientLeft ? cancelled : ApiException.Stopping());
            KeepAndLeave(reply);
        }
        catch (Exception failure)
        {
            Break(reply, failure);
        }
    }

    /// <summary>Ends a reply whose client has its answer: what cannot be kept is evaluated again, and nobody else is hurt.</summary>
    private void KeepAndLeave(ActiveReply reply)
    {
        try
        {
            slots.Keep(reply.Slot, reply.Job.ReasoningIsDropped ? StatePlace.Passing : StatePlace.End);
        }
        catch (Exception failure)
        {
            LogNotKept(failure, reply.Job.Id);
            reply.Slot.Discard();
        }
        Leave(reply);
    }

    /// <summary>Ends a reply whose state may be damaged.</summary>
    private void Break(ActiveReply reply, Exception failure)
    {
        reply.Slot.Discard();
        Fail(reply.Job, failure);
        Leave(reply);
    }

    private void Fail(GenerationJob job, Exception failure)
    {
        LogFailed(failure, job.Id);
        job.Fail(ApiException.Failed($"The engine failed: {failure.Message}", "engine_failure"));
    }

    private void Leave(ActiveReply reply)
    {
        active.Remove(reply);
        reply.Dispose();
        queue.Ended(reply.Job);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Id}: {Prompt} prompt tokens, {Cached} of them from: {Source}")]
    private partial void LogBegun(string id, int prompt, int cached, ReuseSource source);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "{Id}: the prompt leaves what a session holds after {Common} of {Held} tokens, in message {Message} ({Role})")]
    private partial void LogDiverged(string id, int common, int held, int message, string role);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "{Id}: {Prompt} prompt tokens ({Cached} cached) in {Prefill}, {Completion} generated, {Reason}")]
    private partial void LogDone(
        string id, int prompt, int cached, TimeSpan prefill, int completion, Engine.Replies.FinishReason? reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Id}: cancelled, {Reason}")]
    private partial void LogCancelled(string id, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Id}: its state cannot be kept")]
    private partial void LogNotKept(Exception exception, string id);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A sampled turn could not be written to the disk; after a restart it is rendered anew")]
    private partial void LogTurnNotWritten(Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Id}: failed")]
    private partial void LogFailed(Exception exception, string id);
}

using Ds4Provider.Engine;
using Ds4Provider.Engine.Prompting;
using Ds4Provider.Engine.Replies;
using Ds4Provider.Engine.Sampling;
using Ds4Provider.Server.Replay;
using Ds4Provider.Server.Scheduling;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Server.Generation;

/// <summary>Generates replies, one after the other, in the one session. Runs on the worker's thread only.</summary>
internal sealed partial class ReplyGenerator(
    LoadedModel model, LiveSession session, SampledTurnStore turns, WorkMeter meter, TimeProvider time, ILogger<ReplyGenerator> logger)
{
    /// <summary>Generates the reply of a job and ends its events.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; what was evaluated stays usable.</exception>
    /// <exception cref="EngineException">The engine failed.</exception>
    public void Run(GenerationJob job, CancellationToken cancellationToken)
    {
        try
        {
            Answer(job, cancellationToken);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            session.Discard();
            throw;
        }
    }

    private void Answer(GenerationJob job, CancellationToken cancellationToken)
    {
        long start = time.GetTimestamp();
        Reuse reuse = session.Begin(job.Prompt);
        if (reuse.Common < reuse.Held)
            LogMiss(job.Id, reuse.Common, reuse.Held);
        Prefill(job, reuse.Cached, cancellationToken);
        TimeSpan prefill = time.GetElapsedTime(start);

        var reply = new Reply(model, job, reuse.Cached);
        Generate(reply, cancellationToken);
        Remember(reply);
        GenerationUsage usage = job.Usage = reply.Usage;
        TimeSpan decode = time.GetElapsedTime(start) - prefill;
        LogDone(job.Id, usage.Prompt, usage.Cached, prefill, usage.Completion, decode, reply.Transcript.Reason);
        reply.DeliverFinished();
    }

    private void Prefill(GenerationJob job, int cached, CancellationToken cancellationToken)
    {
        int total = job.Prompt.Count;
        long start = time.GetTimestamp();
        int counted = 0;
        job.Progress = new GenerationProgress(GenerationPhase.Prefilling, cached, total, null);
        if (cached < total)
        {
            int[] tail = [.. job.Prompt.Skip(cached)];
            session.Prefill(tail, Report, cancellationToken);
            Report(tail.Length);
        }
        job.Progress = job.Progress with { Phase = GenerationPhase.Generating, Done = total };

        void Report(int done)
        {
            meter.Prefilled(done - counted);
            counted = done;
            double seconds = time.GetElapsedTime(start).TotalSeconds;
            job.Progress = new GenerationProgress(
                GenerationPhase.Prefilling, cached + done, total, seconds > 0 && done > 0 ? Math.Round(done / seconds, 1) : null);
        }
    }

    private void Generate(Reply reply, CancellationToken cancellationToken)
    {
        ISampler sampler = LoadedModel.CreateSampler(reply.Job.Sampling);
        var mask = new TokenMask(model.ControlTokens);
        while (reply.End is null)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ReadOnlySpan<int> masked = mask.For(reply.Parser);
            int token = reply.Parser.IsSyntax ? sampler.Best(session.Logits, masked) : sampler.Sample(session.Logits, masked);
            if (token == model.Tokenizer.Control.EndOfSentence)
            {
                reply.Complete(FinishReason.Stop);
                return;
            }
            meter.Generated();
            // The client has the token before the next one is computed. The last one is never evaluated: the next
            // prompt brings it, together with the end-of-sentence.
            reply.Push(token);
            if (reply.End is null)
                session.Decode(token);
        }
        reply.Complete(reply.End.Value);
    }

    private void Remember(Reply reply)
    {
        if (reply.ReplayableTokens() is not { } tokens)
            return;
        ReplyTranscript transcript = reply.Transcript;
        turns.Remember(new SampledTurn(
            new AssistantMessage(transcript.Text)
            {
                Reasoning = transcript.Reasoning,
                Calls = [.. transcript.Calls.Select(call => new AssistantCall(call.Id, call.Name, call.Arguments))],
            },
            [.. tokens], reply.Job.Thinking, reply.Job.History));
    }

    [LoggerMessage(Level = LogLevel.Information,
        Message = "{Id}: the prompt leaves the session after {Common} of its {Held} tokens; starting anew")]
    private partial void LogMiss(string id, int common, int held);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "{Id}: {Prompt} prompt tokens ({Cached} cached) in {Prefill}, {Completion} generated in {Decode}, {Reason}")]
    private partial void LogDone(
        string id, int prompt, int cached, TimeSpan prefill, int completion, TimeSpan decode, FinishReason? reason);
}

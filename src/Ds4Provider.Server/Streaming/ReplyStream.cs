using Ds4Provider.Engine.Replies;
using Ds4Provider.Server.Generation;
using Ds4Provider.Server.Hosting;
using Ds4Provider.Server.Http;
using Ds4Provider.Wire.Chat;

namespace Ds4Provider.Server.Streaming;

/// <summary>
/// A reply as server-sent events, in the form of any API. It begins at once; while nothing else happens, an event that
/// says nothing does, because comments do not reset the idle timer of every client. Not thread-safe.
/// </summary>
internal sealed class ReplyStream : IDisposable
{
    private readonly EventStream stream;
    private readonly IReplyEvents events;
    private readonly TimeProvider time;
    private readonly ServerLimits limits;
    private readonly TimeSpan tick;
    private readonly PeriodicTimer ticks;
    private Task<bool>? nextTick;
    private long lastWrite;
    private ChatProgress? lastProgress;

    public ReplyStream(EventStream stream, IReplyEvents events, ServerDependencies dependencies)
    {
        this.stream = stream;
        this.events = events;
        time = dependencies.Time;
        limits = dependencies.Limits;
        // Fine enough that the silence never exceeds the limit by a tick.
        tick = TimeSpan.FromTicks(Math.Min(limits.ProgressInterval.Ticks, limits.KeepAlive.Ticks / 4));
        ticks = new PeriodicTimer(tick, time);
    }

    /// <summary>Whether the client asked for progress under the key <c>ds4</c>.</summary>
    public required bool ProgressWanted { get; init; }

    /// <summary>Whether the headers are out, so that errors can only be events.</summary>
    public bool IsStarted { get; private set; }

    /// <summary>Sends the headers and the API's first event.</summary>
    public async Task StartAsync(int? promptTokens, CancellationToken cancellationToken)
    {
        IsStarted = true;
        await stream.StartAsync(cancellationToken).ConfigureAwait(false);
        events.Start(promptTokens);
        await FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits, with signs of life.</summary>
    public async Task WaitAsync(Task awaited, Func<ChatProgress?> progress, CancellationToken cancellationToken)
    {
        if (!awaited.IsCompleted && ProgressWanted)
            await SendProgressAsync(progress(), cancellationToken).ConfigureAwait(false);
        while (!awaited.IsCompleted)
        {
            nextTick ??= ticks.WaitForNextTickAsync(CancellationToken.None).AsTask();
            if (await Task.WhenAny(awaited, nextTick).ConfigureAwait(false) == awaited)
                break;
            nextTick = null;
            await SendSignOfLifeAsync(progress(), cancellationToken).ConfigureAwait(false);
        }
        await awaited.ConfigureAwait(false);
    }

    /// <summary>Sends a reply from its first event to its last.</summary>
    /// <exception cref="ApiException">The reply failed.</exception>
    public async Task<ReplyEnd> SendReplyAsync(GenerationJob job, Func<ChatProgress?> progress, CancellationToken cancellationToken)
    {
        ReplyEnd? end = null;
        while (true)
        {
            Task<bool> more = job.Events.WaitToReadAsync(cancellationToken).AsTask();
            await WaitAsync(more, progress, cancellationToken).ConfigureAwait(false);
            if (!await more.ConfigureAwait(false))
                return end ?? throw new InvalidOperationException("The reply ended without a reason.");
            while (job.Events.TryRead(out ReplyEvent? replyEvent))
            {
                if (replyEvent is Finished finished)
                    events.End(end = new ReplyEnd(finished.Reason, job.MetStopString, job.Usage));
                else
                    events.Add(replyEvent);
            }
            await FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Tells that the reply failed; nothing follows.</summary>
    public async Task FailAsync(ChatError error, CancellationToken cancellationToken)
    {
        events.Fail(error);
        await FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => ticks.Dispose();

    private Task SendSignOfLifeAsync(ChatProgress? progress, CancellationToken cancellationToken)
    {
        TimeSpan silence = time.GetElapsedTime(lastWrite);
        if (ProgressWanted && progress is not null && progress != lastProgress && silence >= limits.ProgressInterval)
            return SendProgressAsync(progress, cancellationToken);
        if (silence < limits.KeepAlive - tick)
            return Task.CompletedTask;
        if (ProgressWanted && progress is not null)
            return SendProgressAsync(progress, cancellationToken);
        events.SignOfLife(null);
        return FlushAsync(cancellationToken);
    }

    private async Task SendProgressAsync(ChatProgress? progress, CancellationToken cancellationToken)
    {
        if (progress is null)
            return;
        lastProgress = progress;
        events.SignOfLife(progress);
        await FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        lastWrite = time.GetTimestamp();
    }
}

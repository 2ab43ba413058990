using Ds4Provider.Engine.Replies;
using Ds4Provider.Server.Generation;
using Ds4Provider.Server.Hosting;
using Ds4Provider.Server.Http;
using Ds4Provider.Wire.Chat;

namespace Ds4Provider.Server.Streaming;

/// <summary>
/// A reply as server-sent events, in the form of any API. It begins at once; while nothing else happens, an event that
/// says nothing does, because comments do not reset the idle timer of every client. A client that asked for progress
/// hears sooner, and what happens: what others get done is no progress of its own. Not thread-safe.
/// </summary>
internal sealed class ReplyStream : IDisposable
{
    private readonly EventStream stream;
    private readonly IReplyEvents events;
    private readonly bool progressWanted;
    private readonly TimeProvider time;
    private readonly ServerLimits limits;
    private readonly TimeSpan silenceLimit;
    private readonly TimeSpan tick;
    private readonly PeriodicTimer ticks;
    private Task<bool>? nextTick;
    private long lastWrite;
    private ChatProgress? lastProgress;

    /// <param name="stream">Where the events go.</param>
    /// <param name="events">Their form.</param>
    /// <param name="progressWanted">Whether the client asked for progress under the key <c>ds4</c>.</param>
    /// <param name="dependencies">Clock and intervals.</param>
    public ReplyStream(EventStream stream, IReplyEvents events, bool progressWanted, ServerDependencies dependencies)
    {
        this.progressWanted = progressWanted;
        this.stream = stream;
        this.events = events;
        time = dependencies.Time;
        limits = dependencies.Limits;
        silenceLimit = progressWanted && limits.ProgressSilence < limits.KeepAlive ? limits.ProgressSilence : limits.KeepAlive;
        // Fine enough that the silence never exceeds the limit by a tick.
        tick = TimeSpan.FromTicks(Math.Min(limits.ProgressInterval.Ticks, silenceLimit.Ticks / 4));
        ticks = new PeriodicTimer(tick, time);
    }

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

    /// <summary>Waits, and tells for what: at once, and with signs of life.</summary>
    public async Task WaitAsync(Task awaited, Func<ChatProgress> progress, CancellationToken cancellationToken)
    {
        if (!awaited.IsCompleted && progressWanted)
            await SendProgressAsync(progress(), cancellationToken).ConfigureAwait(false);
        await WatchAsync(awaited, progress, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits, with signs of life.</summary>
    private async Task WatchAsync(Task awaited, Func<ChatProgress> progress, CancellationToken cancellationToken)
    {
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
    public async Task<ReplyEnd> SendReplyAsync(GenerationJob job, Func<ChatProgress> progress, CancellationToken cancellationToken)
    {
        ReplyEnd? end = null;
        Task<bool> more = job.Events.WaitToReadAsync(cancellationToken).AsTask();
        await WaitAsync(more, progress, cancellationToken).ConfigureAwait(false);
        while (true)
        {
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
            more = job.Events.WaitToReadAsync(cancellationToken).AsTask();
            await WatchAsync(more, progress, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Tells that the reply failed; nothing follows.</summary>
    public async Task FailAsync(ChatError error, CancellationToken cancellationToken)
    {
        events.Fail(error);
        await FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => ticks.Dispose();

    private Task SendSignOfLifeAsync(ChatProgress progress, CancellationToken cancellationToken)
    {
        TimeSpan silence = time.GetElapsedTime(lastWrite);
        bool isNews = progressWanted && progress != lastProgress && silence >= limits.ProgressInterval;
        if (!isNews && silence < silenceLimit - tick)
            return Task.CompletedTask;
        if (progressWanted)
            return SendProgressAsync(progress, cancellationToken);
        events.SignOfLife(null);
        return FlushAsync(cancellationToken);
    }

    private Task SendProgressAsync(ChatProgress progress, CancellationToken cancellationToken)
    {
        lastProgress = progress;
        events.SignOfLife(progress);
        return FlushAsync(cancellationToken);
    }

    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        lastWrite = time.GetTimestamp();
    }
}

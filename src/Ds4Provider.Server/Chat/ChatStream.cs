using Ds4Provider.Engine.Replies;
using Ds4Provider.Server.Generation;
using Ds4Provider.Server.Hosting;
using Ds4Provider.Server.Http;
using Ds4Provider.Wire.Chat;

namespace Ds4Provider.Server.Chat;

/// <summary>
/// A reply as server-sent events. The role goes out at once; while nothing else happens, an empty delta does, because
/// comments do not reset the idle timer of every client. Not thread-safe.
/// </summary>
internal sealed class ChatStream : IDisposable
{
    private readonly EventStream events;
    private readonly ChatCompletionChunk template;
    private readonly TimeProvider time;
    private readonly ServerLimits limits;
    private readonly TimeSpan tick;
    private readonly PeriodicTimer ticks;
    private Task<bool>? nextTick;
    private long lastWrite;
    private ChatProgress? lastProgress;

    public ChatStream(EventStream events, ChatCompletionChunk template, ServerDependencies dependencies)
    {
        this.events = events;
        this.template = template;
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

    /// <summary>Sends the headers and the role.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        IsStarted = true;
        await events.StartAsync(cancellationToken).ConfigureAwait(false);
        await SendAsync(Chunk(new ChatDelta { Role = "assistant" }), cancellationToken).ConfigureAwait(false);
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
    public async Task SendReplyAsync(
        GenerationJob job, Func<ChatProgress?> progress, bool includeUsage, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task<bool> more = job.Events.WaitToReadAsync(cancellationToken).AsTask();
            await WaitAsync(more, progress, cancellationToken).ConfigureAwait(false);
            if (!await more.ConfigureAwait(false))
                return;
            while (job.Events.TryRead(out ReplyEvent? replyEvent))
            {
                if (replyEvent is Finished finished)
                    WriteEnd(finished.Reason, includeUsage ? job.Usage : null);
                else if (ChatProjection.Delta(replyEvent) is { } delta)
                    events.Write(Chunk(delta), ApiJson.Context.ChatCompletionChunk);
            }
            await FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Tells that the reply failed; nothing follows.</summary>
    public async Task FailAsync(ChatError error, CancellationToken cancellationToken)
    {
        events.Write(new ChatErrorBody(error), ApiJson.Context.ChatErrorBody);
        await FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => ticks.Dispose();

    private void WriteEnd(FinishReason reason, GenerationUsage? usage)
    {
        ChatCompletionChunk end = template with
        {
            Choices = [new ChatChunkChoice(0, new ChatDelta()) { FinishReason = ChatProjection.Reason(reason) }],
        };
        events.Write(end, ApiJson.Context.ChatCompletionChunk);
        if (usage is not null)
            events.Write(template with { Usage = ChatProjection.Usage(usage) }, ApiJson.Context.ChatCompletionChunk);
        events.WriteDone();
    }

    private Task SendSignOfLifeAsync(ChatProgress? progress, CancellationToken cancellationToken)
    {
        TimeSpan silence = time.GetElapsedTime(lastWrite);
        if (ProgressWanted && progress is not null && progress != lastProgress && silence >= limits.ProgressInterval)
            return SendProgressAsync(progress, cancellationToken);
        if (silence < limits.KeepAlive - tick)
            return Task.CompletedTask;
        return ProgressWanted && progress is not null
            ? SendProgressAsync(progress, cancellationToken)
            : SendAsync(Chunk(new ChatDelta()), cancellationToken);
    }

    private async Task SendProgressAsync(ChatProgress? progress, CancellationToken cancellationToken)
    {
        if (progress is null)
            return;
        lastProgress = progress;
        await SendAsync(Chunk(new ChatDelta()) with { Ds4 = progress }, cancellationToken).ConfigureAwait(false);
    }

    private Task SendAsync(ChatCompletionChunk chunk, CancellationToken cancellationToken)
    {
        events.Write(chunk, ApiJson.Context.ChatCompletionChunk);
        return FlushAsync(cancellationToken);
    }

    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        await events.FlushAsync(cancellationToken).ConfigureAwait(false);
        lastWrite = time.GetTimestamp();
    }

    private ChatCompletionChunk Chunk(ChatDelta delta) => template with { Choices = [new ChatChunkChoice(0, delta)] };
}

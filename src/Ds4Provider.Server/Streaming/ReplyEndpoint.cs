using System.Globalization;
using System.Text.Json;
using Ds4Provider.Engine.Replies;
using Ds4Provider.Server.Generation;
using Ds4Provider.Server.Hosting;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Metrics;
using Ds4Provider.Server.Requests;
using Ds4Provider.Server.Scheduling;
using Ds4Provider.Wire.Chat;
using Microsoft.AspNetCore.Http;

namespace Ds4Provider.Server.Streaming;

/// <summary>The path of every request for a reply, whatever its API: admit, read, queue, answer. Thread-safe.</summary>
internal sealed class ReplyEndpoint(
    IReplyApi api, ServerDependencies dependencies, Admission admission, GenerationWorker worker, RequestQueue queue, GenerationJobs jobs,
    ServerMetrics metrics)
{
    private const string ProgressHeader = "X-Ds4-Progress";
    private const string CacheHeader = "X-Ds4-Cache";

    public async Task HandleAsync(HttpContext context)
    {
        // Before the body is read: bodies in memory are bounded like the queue.
        using IDisposable ticket = admission.Enter();
        ApiRequest request = await ReadAsync(context).ConfigureAwait(false);
        long start = dependencies.Time.GetTimestamp();
        ReplyEnd? end = request.Generation.Stream
            ? await StreamAsync(context, request).ConfigureAwait(false)
            : await ReplyAsync(context, request).ConfigureAwait(false);
        if (end is not null)
            metrics.Replied(api.Name, end, dependencies.Time.GetElapsedTime(start));
    }

    private async Task<ApiRequest> ReadAsync(HttpContext context)
    {
        using JsonDocument body = await JsonBody
            .ReadAsync(context.Request, dependencies.Limits, context.RequestAborted).ConfigureAwait(false);
        var root = new JsonField(body.RootElement, "");
        root.Object();
        return api.Read(root);
    }

    private async Task<ReplyEnd> ReplyAsync(HttpContext context, ApiRequest request)
    {
        CancellationToken aborted = context.RequestAborted;
        ServedModel model = await worker.ModelAsync().WaitAsync(aborted).ConfigureAwait(false);
        GenerationJob job = jobs.Create(model, request.Generation, request.Form.Id, aborted);
        await model.RecallAsync(job.Prompt, aborted).ConfigureAwait(false);
        queue.Enqueue(job);
        var events = new List<ReplyEvent>();
        await foreach (ReplyEvent replyEvent in job.Events.ReadAllAsync(aborted).ConfigureAwait(false))
            events.Add(replyEvent);
        if (events is not [.., Finished finished])
            throw new InvalidOperationException("The reply ended without a reason.");
        var end = new ReplyEnd(finished.Reason, job.MetStopString, job.Usage);
        TellCached(context, job.Usage.Cached, job.IsFromDisk, job.Usage.Prompt);
        await request.Form.WriteAsync(context, events, end).ConfigureAwait(false);
        return end;
    }

    /// <returns>How the reply ended; null when it failed, which the client was told.</returns>
    private async Task<ReplyEnd?> StreamAsync(HttpContext context, ApiRequest request)
    {
        CancellationToken aborted = context.RequestAborted;
        var events = new EventStream(context.Response);
        bool progressWanted = context.Request.Headers[ProgressHeader] == "1";
        using var stream = new ReplyStream(events, request.Form.Stream(events), progressWanted, dependencies);
        try
        {
            Task<ServedModel> loading = worker.ModelAsync();
            if (!loading.IsCompleted)
            {
                await stream.StartAsync(null, aborted).ConfigureAwait(false);
                await stream.WaitAsync(loading.WaitAsync(aborted), static () => new ChatProgress("loading"), aborted).ConfigureAwait(false);
            }
            ServedModel model = await loading.ConfigureAwait(false);
            GenerationJob job = jobs.Create(model, request.Generation, request.Form.Id, aborted);
            // Before it is queued, for then it may begin and leave checkpoints of its own.
            if (!stream.IsStarted)
            {
                (int cached, bool fromDisk) = model.ExpectCached(job.Prompt.Span);
                TellCached(context, cached, fromDisk, job.Prompt.Length);
            }
            Task recalling = model.RecallAsync(job.Prompt, aborted);
            if (!recalling.IsCompleted && !stream.IsStarted)
                await stream.StartAsync(job.Prompt.Length, aborted).ConfigureAwait(false);
            await stream.WaitAsync(recalling, () => ProgressOf(job), aborted).ConfigureAwait(false);
            queue.Enqueue(job);
            if (!stream.IsStarted)
                await stream.StartAsync(job.Prompt.Length, aborted).ConfigureAwait(false);
            return await stream.SendReplyAsync(job, () => ProgressOf(job), aborted).ConfigureAwait(false);
        }
        catch (Exception failure) when (stream.IsStarted && !aborted.IsCancellationRequested)
        {
            ChatError error = (failure as ApiException)?.Error
                ?? ApiException.Failed($"The server failed: {failure.Message}", "internal_error").Error;
            await stream.FailAsync(error, aborted).ConfigureAwait(false);
            if (failure is not ApiException)
                throw;
            return null;
        }
    }

    /// <summary>Says how much of the prompt was evaluated before, and where that was kept; of a stream, what is expected when it begins.</summary>
    private static void TellCached(HttpContext context, int cached, bool fromDisk, int prompt)
    {
        string found = cached == 0 ? "miss; source=none" : fromDisk ? "hit; source=disk" : "hit; source=memory";
        context.Response.Headers[CacheHeader] = string.Create(CultureInfo.InvariantCulture, $"{found}; cached={cached}; prompt={prompt}");
    }

    private ChatProgress ProgressOf(GenerationJob job)
    {
        GenerationProgress progress = job.Progress;
        return progress.Phase switch
        {
            GenerationPhase.Queued => new ChatProgress("queued") { QueuePosition = queue.PositionOf(job), Total = progress.Total },
            GenerationPhase.Prefilling => new ChatProgress("prefilling")
            {
                Done = progress.Done, Total = progress.Total, Rate = progress.Rate, Others = Others(),
            },
            _ => new ChatProgress("generating") { Others = Others() },
        };

        // How many there are, not whose turn it is: that changes several times a second and is nothing to look at.
        int? Others() => queue.Running.Count is > 1 and var running ? running - 1 : null;
    }
}

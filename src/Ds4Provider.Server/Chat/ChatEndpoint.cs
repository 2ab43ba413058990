using System.Security.Cryptography;
using System.Text.Json;
using Ds4Provider.Engine.Replies;
using Ds4Provider.Server.Generation;
using Ds4Provider.Server.Hosting;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Scheduling;
using Ds4Provider.Wire.Chat;
using Ds4Provider.Wire.Server;
using Microsoft.AspNetCore.Http;

namespace Ds4Provider.Server.Chat;

/// <summary><c>POST /v1/chat/completions</c>. Thread-safe.</summary>
internal sealed class ChatEndpoint(
    ServerConfiguration configuration, ServerDependencies dependencies, Admission admission, GenerationWorker worker, RequestQueue queue, ChatJobs jobs)
{
    private const string ProgressHeader = "X-Ds4-Progress";

    public async Task HandleAsync(HttpContext context)
    {
        // Before the body is read: bodies in memory are bounded like the queue.
        using IDisposable ticket = admission.Enter();
        ChatRequest request = await ReadAsync(context).ConfigureAwait(false);
        var identity = new ChatCompletionChunk(
            "chatcmpl-" + RandomNumberGenerator.GetHexString(32, lowercase: true),
            dependencies.Time.GetUtcNow().ToUnixTimeSeconds(), request.Model, []);
        if (request.Stream)
            await StreamAsync(context, request, identity).ConfigureAwait(false);
        else
            await ReplyAsync(context, request, identity).ConfigureAwait(false);
    }

    private async Task<ChatRequest> ReadAsync(HttpContext context)
    {
        using JsonDocument body = await JsonBody
            .ReadAsync(context.Request, dependencies.Limits, context.RequestAborted).ConfigureAwait(false);
        return ChatRequestParser.Parse(body.RootElement, configuration.ModelId, configuration.Temperature);
    }

    private async Task ReplyAsync(HttpContext context, ChatRequest request, ChatCompletionChunk identity)
    {
        CancellationToken aborted = context.RequestAborted;
        ServedModel model = await ModelAsync().WaitAsync(aborted).ConfigureAwait(false);
        GenerationJob job = Submit(model, request, identity.Id, aborted);
        var transcript = new ReplyTranscript();
        await foreach (ReplyEvent replyEvent in job.Events.ReadAllAsync(aborted).ConfigureAwait(false))
            transcript.Add(replyEvent);
        FinishReason reason = transcript.Reason ?? throw new InvalidOperationException("The reply ended without a reason.");
        var completion = new ChatCompletion(
            identity.Id, identity.Created, identity.Model,
            [new ChatChoice(0, ChatProjection.Message(transcript), ChatProjection.Reason(reason))])
        {
            Usage = ChatProjection.Usage(job.Usage),
        };
        await JsonReply.WriteAsync(context, completion, ApiJson.Context.ChatCompletion).ConfigureAwait(false);
    }

    private async Task StreamAsync(HttpContext context, ChatRequest request, ChatCompletionChunk identity)
    {
        CancellationToken aborted = context.RequestAborted;
        using var stream = new ChatStream(new EventStream(context.Response), identity, dependencies)
        {
            ProgressWanted = context.Request.Headers[ProgressHeader] == "1",
        };
        try
        {
            Task<ServedModel> loading = ModelAsync();
            if (!loading.IsCompleted)
            {
                await stream.StartAsync(aborted).ConfigureAwait(false);
                await stream.WaitAsync(loading.WaitAsync(aborted), static () => new ChatProgress("loading"), aborted).ConfigureAwait(false);
            }
            GenerationJob job = Submit(await loading.ConfigureAwait(false), request, identity.Id, aborted);
            if (!stream.IsStarted)
                await stream.StartAsync(aborted).ConfigureAwait(false);
            await stream.SendReplyAsync(job, () => ProgressOf(job), request.IncludeUsage, aborted).ConfigureAwait(false);
        }
        catch (Exception failure) when (stream.IsStarted && !aborted.IsCancellationRequested)
        {
            ChatError error = (failure as ApiException)?.Error
                ?? ApiException.Failed($"The server failed: {failure.Message}", "internal_error").Error;
            await stream.FailAsync(error, aborted).ConfigureAwait(false);
            if (failure is not ApiException)
                throw;
        }
    }

    private async Task<ServedModel> ModelAsync()
    {
        try
        {
            return await worker.Loaded.ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            throw ApiException.Unavailable($"The model could not be loaded: {failure.Message}");
        }
    }

    private GenerationJob Submit(ServedModel model, ChatRequest request, string id, CancellationToken aborted)
    {
        GenerationJob job = jobs.Create(model, request, id, aborted);
        queue.Enqueue(job);
        return job;
    }

    private ChatProgress? ProgressOf(GenerationJob job)
    {
        GenerationProgress progress = job.Progress;
        return progress.Phase switch
        {
            GenerationPhase.Queued => new ChatProgress("queued") { QueuePosition = queue.PositionOf(job), Total = progress.Total },
            GenerationPhase.Prefilling => new ChatProgress("prefilling")
            {
                Done = progress.Done, Total = progress.Total, Rate = progress.Rate,
            },
            _ => null,
        };
    }
}

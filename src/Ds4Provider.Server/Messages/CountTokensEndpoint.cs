using System.Text.Json;
using Ds4Provider.Server.Generation;
using Ds4Provider.Server.Hosting;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Requests;
using Ds4Provider.Server.Scheduling;
using Ds4Provider.Wire.Messages;
using Ds4Provider.Wire.Server;
using Microsoft.AspNetCore.Http;

namespace Ds4Provider.Server.Messages;

/// <summary><c>POST /v1/messages/count_tokens</c>: what the prompt of the same request would cost. Thread-safe.</summary>
internal sealed class CountTokensEndpoint(
    ServerConfiguration configuration, ServerDependencies dependencies, Admission admission, GenerationWorker worker, GenerationJobs jobs)
{
    public async Task HandleAsync(HttpContext context)
    {
        using IDisposable ticket = admission.Enter();
        GenerationRequest request = await ReadAsync(context).ConfigureAwait(false);
        ServedModel model = await worker.ModelAsync().WaitAsync(context.RequestAborted).ConfigureAwait(false);
        var count = new MessagesTokenCount(jobs.Count(model, request.Prompt, context.TraceIdentifier));
        await JsonReply.WriteAsync(context, count, ApiJson.Messages.MessagesTokenCount).ConfigureAwait(false);
    }

    private async Task<GenerationRequest> ReadAsync(HttpContext context)
    {
        using JsonDocument body = await JsonBody
            .ReadAsync(context.Request, dependencies.Limits, context.RequestAborted).ConfigureAwait(false);
        var root = new JsonField(body.RootElement, "");
        root.Object();
        return MessagesRequestParser.Parse(root, configuration.ModelId);
    }
}

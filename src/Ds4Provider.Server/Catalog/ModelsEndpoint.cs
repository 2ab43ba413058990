using Ds4Provider.Server.Generation;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Scheduling;
using Ds4Provider.Wire.Chat;
using Ds4Provider.Wire.Server;
using Microsoft.AspNetCore.Http;

namespace Ds4Provider.Server.Catalog;

/// <summary><c>GET /v1/models</c> and <c>GET /v1/models/{id}</c>. Thread-safe.</summary>
internal sealed class ModelsEndpoint(ServerConfiguration configuration, GenerationWorker worker, TimeProvider time)
{
    private readonly long created = time.GetUtcNow().ToUnixTimeSeconds();

    public Task ListAsync(HttpContext context) =>
        JsonReply.WriteAsync(context, new ModelList([Entry()]), ApiJson.Chat.ModelList);

    public Task GetAsync(HttpContext context)
    {
        // Routing leaves an escaped slash in the path as it is.
        string asked = Uri.UnescapeDataString(context.Request.RouteValues["id"] as string ?? "");
        return ModelNames.Matches(asked, configuration.ModelId)
            ? JsonReply.WriteAsync(context, Entry(), ApiJson.Chat.ModelEntry)
            : throw ApiException.NoSuchModel(asked, configuration.ModelId);
    }

    private ModelEntry Entry()
    {
        ServedModel? model = worker.Loaded.IsCompletedSuccessfully ? worker.Loaded.Result : null;
        return new ModelEntry(
            configuration.ModelId, created,
            configuration.DisplayName ?? model?.Engine.Model.Description.Name ?? configuration.ModelId,
            model?.ContextWindow ?? configuration.ContextWindow)
        {
            SupportedParameters =
            [
                "tools", "tool_choice", "max_tokens", "temperature", "top_p", "top_k", "min_p", "stop", "seed", "stream", "reasoning_effort",
            ],
        };
    }
}

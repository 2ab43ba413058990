using Ds4Provider.Server.Http;
using Ds4Provider.Server.Scheduling;
using Ds4Provider.Wire.Chat;
using Microsoft.AspNetCore.Http;

namespace Ds4Provider.Server.Catalog;

/// <summary><c>GET /health</c>: the phase, also while the model loads. Thread-safe.</summary>
internal sealed class HealthEndpoint(string modelId, GenerationWorker worker, Admission admission)
{
    public Task HandleAsync(HttpContext context)
    {
        string status = admission.IsClosed ? "stopping" : worker.Loaded.IsCompletedSuccessfully ? "ready" : "loading";
        return JsonReply.WriteAsync(
            context, new Health(status, modelId) { ActiveRequests = admission.Active }, ApiJson.Chat.Health);
    }
}

using Ds4Provider.Server.Catalog;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Messages;
using Ds4Provider.Server.Metrics;
using Ds4Provider.Server.Streaming;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Ds4Provider.Server.Hosting;

/// <summary>The routes of the server, the same on every listener.</summary>
internal sealed class Endpoints(
    ServerMetrics metrics, ModelsEndpoint models, HealthEndpoint health, MetricsEndpoint prometheus, CountTokensEndpoint countTokens)
{
    public required ReplyEndpoint Chat { get; init; }

    public required ReplyEndpoint Completions { get; init; }

    public required ReplyEndpoint Messages { get; init; }

    public required ReplyEndpoint Responses { get; init; }

    public void Map(IEndpointRouteBuilder routes)
    {
        Map(routes, HttpMethods.Post, "/v1/chat/completions", Chat.HandleAsync);
        Map(routes, HttpMethods.Post, "/v1/completions", Completions.HandleAsync);
        Map(routes, HttpMethods.Post, "/v1/messages", Messages.HandleAsync);
        Map(routes, HttpMethods.Post, "/v1/messages/count_tokens", countTokens.HandleAsync);
        Map(routes, HttpMethods.Post, "/v1/responses", Responses.HandleAsync);
        Map(routes, HttpMethods.Get, "/v1/models", models.ListAsync);
        Map(routes, HttpMethods.Get, "/v1/models/{*id}", models.GetAsync);
        Map(routes, HttpMethods.Get, "/health", health.HandleAsync);
        Map(routes, HttpMethods.Get, "/metrics", prometheus.HandleAsync);
    }

    /// <summary>Gives a request its id and counts its answer.</summary>
    public async Task CountAsync(HttpContext context, RequestDelegate next)
    {
        RequestIds.Assign(context);
        await next(context).ConfigureAwait(false);
        string route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "other";
        metrics.Answered(route, context.Response.StatusCode);
    }

    private static void Map(IEndpointRouteBuilder routes, string method, string path, RequestDelegate handler) =>
        routes.MapMethods(path, [method], handler).WithMetadata(new ApiEndpoint());
}

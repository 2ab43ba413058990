using Ds4Provider.Server.Catalog;
using Ds4Provider.Server.Chat;
using Ds4Provider.Server.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Ds4Provider.Server.Hosting;

/// <summary>The routes of the server, the same on every listener.</summary>
internal sealed class Endpoints(ChatEndpoint chat, ModelsEndpoint models, HealthEndpoint health)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        Map(routes, HttpMethods.Post, "/v1/chat/completions", chat.HandleAsync);
        Map(routes, HttpMethods.Get, "/v1/models", models.ListAsync);
        Map(routes, HttpMethods.Get, "/v1/models/{*id}", models.GetAsync);
        Map(routes, HttpMethods.Get, "/health", health.HandleAsync);
    }

    private static void Map(IEndpointRouteBuilder routes, string method, string path, RequestDelegate handler) =>
        routes.MapMethods(path, [method], handler).WithMetadata(new ApiEndpoint());
}

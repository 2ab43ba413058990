using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Specs;

/// <summary>A real HTTP server on a Unix socket or a port, whose answers the test writes.</summary>
internal sealed class ModelServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private ModelServer(WebApplication application) => _application = application;

    public ConcurrentQueue<ReceivedRequest> Requests { get; } = new();

    public ReceivedRequest Request => Requests.ShouldHaveSingleItem();

    /// <summary>Completes when a client has gone before its reply was over.</summary>
    public TaskCompletionSource ClientGone { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Address => _application.Urls.First();

    public static Task<ModelServer> StartAsync(string socketPath, Func<HttpContext, Task> answer) =>
        StartAsync(kestrel => kestrel.ListenUnixSocket(socketPath), answer);

    public static Task<ModelServer> StartOnPortAsync(Func<HttpContext, Task> answer) =>
        StartAsync(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0), answer);

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private static async Task<ModelServer> StartAsync(Action<KestrelServerOptions> listen, Func<HttpContext, Task> answer)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(listen);
        WebApplication application = builder.Build();
        var server = new ModelServer(application);
        application.Run(context => server.AnswerAsync(context, answer));
        await application.StartAsync(TimesUp);
        return server;
    }

    private async Task AnswerAsync(HttpContext context, Func<HttpContext, Task> answer)
    {
        using var reader = new StreamReader(context.Request.Body);
        Requests.Enqueue(new ReceivedRequest(
            context.Request.Path,
            await reader.ReadToEndAsync(),
            context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase)));
        using CancellationTokenRegistration gone = context.RequestAborted.Register(() => ClientGone.TrySetResult());
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await answer(context);
    }
}

/// <summary>What a client sent.</summary>
internal sealed record ReceivedRequest(string Path, string Body, IReadOnlyDictionary<string, string> Headers)
{
    public JsonElement Json { get; } = Body.Length > 0 ? JsonDocument.Parse(Body).RootElement : default;
}

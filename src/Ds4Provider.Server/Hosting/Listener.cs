using System.Net;
using Ds4Provider.Server.Access;
using Ds4Provider.Server.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Server.Hosting;

/// <summary>One Kestrel server on one address. Every listener serves the same endpoints under its own access policy.</summary>
internal sealed class Listener : IAsyncDisposable
{
    private readonly WebApplication application;

    private Listener(WebApplication application) => this.application = application;

    /// <summary>Base address with the real port.</summary>
    public string Address => application.Services.GetRequiredService<IServer>()
        .Features.Get<IServerAddressesFeature>()!.Addresses.First();

    /// <exception cref="IOException">The address cannot be bound.</exception>
    public static Task<Listener> StartAsync(
        IPEndPoint address, AccessPolicy access, Endpoints endpoints, ServerDependencies dependencies, CancellationToken cancellationToken) =>
        StartAsync(options => options.Listen(address, UseHttp1), access, endpoints, dependencies, cancellationToken);

    /// <exception cref="IOException">The path cannot be bound.</exception>
    public static async Task<Listener> StartAsync(
        string socket, AccessPolicy access, Endpoints endpoints, ServerDependencies dependencies, CancellationToken cancellationToken)
    {
        Listener listener = await StartAsync(
            options => options.ListenUnixSocket(socket, UseHttp1), access, endpoints, dependencies, cancellationToken).ConfigureAwait(false);
        // The directory is the owner's alone already; this is the second lock.
        File.SetUnixFileMode(socket, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return listener;
    }

    /// <summary>Stops accepting at once and waits for the open requests until the token ends the wait.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => application.StopAsync(cancellationToken);

    public ValueTask DisposeAsync() => application.DisposeAsync();

    private static async Task<Listener> StartAsync(
        Action<KestrelServerOptions> bind, AccessPolicy access, Endpoints endpoints, ServerDependencies dependencies,
        CancellationToken cancellationToken)
    {
        // The empty builder reads no configuration files and no environment: nothing but this code decides.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(dependencies.LoggerFactory);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            // The endpoints keep the limit. This one is where the rest of a body that exceeds it is no longer read away:
            // a client that still writes when the connection closes sees a broken pipe instead of the refusal.
            options.Limits.MaxRequestBodySize = 2L * dependencies.Limits.BodyBytes;
            // A laptop that sleeps or an agent that is suspended reads nothing for a while; its reply waits.
            options.Limits.MinResponseDataRate = null;
            options.Limits.MaxRequestHeadersTotalSize = dependencies.Limits.HeaderBytes;
            options.Limits.MaxConcurrentConnections = dependencies.Limits.Connections;
            bind(options);
        });
        WebApplication application = builder.Build();
        try
        {
            Compose(application, access, endpoints, dependencies);
            await application.StartAsync(cancellationToken).ConfigureAwait(false);
            return new Listener(application);
        }
        catch
        {
            await application.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static void Compose(WebApplication application, AccessPolicy access, Endpoints endpoints, ServerDependencies dependencies)
    {
        var errors = new ErrorHandling(dependencies.LoggerFactory.CreateLogger<ErrorHandling>());
        application.Use(next => context => endpoints.CountAsync(context, next));
        application.Use(next => context => errors.InvokeAsync(context, next));
        application.Use(next => context =>
        {
            AccessControl.CheckOrigin(context.Request, access);
            CrossOrigin.Allow(context);
            if (CrossOrigin.IsPreflight(context.Request))
            {
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                return Task.CompletedTask;
            }
            AccessControl.CheckKey(context.Request, access);
            return next(context);
        });
        application.UseRouting();
        endpoints.Map(application);
    }

    private static void UseHttp1(ListenOptions options) => options.Protocols = HttpProtocols.Http1;

    /// <summary>Signals are the model server's business: it has to drain before the listeners stop.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

using System.Net;
using Ds4Provider.Server.Access;
using Ds4Provider.Wire.Server;
using Microsoft.AspNetCore.Connections;

namespace Ds4Provider.Server.Hosting;

/// <summary>The loopback ports that were asked for while the server runs. Used by one task only.</summary>
internal sealed class TcpListeners(Endpoints endpoints, ServerDependencies dependencies) : IAsyncDisposable
{
    private readonly List<(TcpListenerConfiguration Configuration, Listener Listener)> open = [];

    /// <summary>Opens a port, or says why it cannot be.</summary>
    public async Task<ServerEvent> OpenAsync(TcpListenerConfiguration configuration, CancellationToken cancellationToken)
    {
        if (Refuse(configuration, out IPEndPoint? address) is { } reason)
            return new ServerListenFailed(reason);
        // A client that lost the answer asks again.
        if (open.Find(l => l.Configuration == configuration).Listener is { } same)
            return new ServerListening(same.Address);
        try
        {
            Listener listener = await Listener.StartAsync(
                address!, AccessPolicy.Loopback(configuration.ApiKey), endpoints, dependencies, cancellationToken).ConfigureAwait(false);
            open.Add((configuration, listener));
            return new ServerListening(listener.Address);
        }
        catch (IOException taken) when (taken.InnerException is AddressInUseException)
        {
            return new ServerListenFailed(
                $"Port {configuration.Port} of {configuration.Host} is used by another program. Choose another port, or 0 for a free one.");
        }
        catch (Exception failure) when (failure is IOException or System.Net.Sockets.SocketException)
        {
            return new ServerListenFailed($"{configuration.Host}:{configuration.Port} cannot be opened: {failure.Message}");
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(open.Select(l => l.Listener.StopAsync(cancellationToken)));

    public async ValueTask DisposeAsync()
    {
        foreach ((_, Listener listener) in open)
            await listener.DisposeAsync().ConfigureAwait(false);
    }

    private static string? Refuse(TcpListenerConfiguration configuration, out IPEndPoint? address)
    {
        address = null;
        string host = configuration.Host == "localhost" ? "127.0.0.1" : configuration.Host;
        if (!IPAddress.TryParse(host, out IPAddress? ip) || !IPAddress.IsLoopback(ip))
            return $"'{configuration.Host}' is not a loopback address; only this machine may be served. Use 127.0.0.1.";
        if (configuration.Port is < 0 or > IPEndPoint.MaxPort)
            return $"{configuration.Port} is not a port; use 1 to {IPEndPoint.MaxPort}, or 0 for a free one.";
        if (string.IsNullOrWhiteSpace(configuration.ApiKey))
            return "A port needs an API key: every program and web page of this machine can reach it.";
        address = new IPEndPoint(ip, configuration.Port);
        return null;
    }
}

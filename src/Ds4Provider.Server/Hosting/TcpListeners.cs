using System.Diagnostics.CodeAnalysis;
using System.Net;
using Ds4Provider.Server.Access;
using Ds4Provider.Wire.Server;
using Microsoft.AspNetCore.Connections;

namespace Ds4Provider.Server.Hosting;

/// <summary>The ports that were asked for while the server runs. Used by one task only.</summary>
internal sealed class TcpListeners(Endpoints endpoints, ServerDependencies dependencies) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly List<(TcpListenerConfiguration Configuration, Listener Listener)> open = [];

    /// <summary>Opens a port, or says why it cannot be.</summary>
    public async Task<ServerEvent> OpenAsync(TcpListenerConfiguration configuration, CancellationToken cancellationToken)
    {
        if (!TryRead(configuration, out IPEndPoint? address, out string? refusal))
            return new ServerListenFailed(refusal);
        // A client that lost the answer asks again.
        if (open.Find(l => l.Configuration == configuration).Listener is { } same)
            return new ServerListening(same.Address);
        try
        {
            Listener listener = await Listener.StartAsync(
                address, AccessPolicy.Port(address.Address, configuration.ApiKey), endpoints, dependencies, cancellationToken).ConfigureAwait(false);
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

    /// <summary>Closes a port. Who asked for it is gone, and with it the programs that it was opened for.</summary>
    public async Task CloseAsync(string address)
    {
        int index = open.FindIndex(l => l.Listener.Address == address);
        if (index < 0)
            return;
        Listener listener = open[index].Listener;
        open.RemoveAt(index);
        using var deadline = new CancellationTokenSource(Patience);
        try
        {
            await listener.StopAsync(deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Requests that did not end in time were cut off.
        }
        await listener.DisposeAsync().ConfigureAwait(false);
    }

    public Task StopAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(open.Select(l => l.Listener.StopAsync(cancellationToken)));

    public async ValueTask DisposeAsync()
    {
        foreach ((_, Listener listener) in open)
            await listener.DisposeAsync().ConfigureAwait(false);
    }

    private static bool TryRead(
        TcpListenerConfiguration configuration, [NotNullWhen(true)] out IPEndPoint? address, [NotNullWhen(false)] out string? refusal)
    {
        string host = configuration.Host == "localhost" ? "127.0.0.1" : configuration.Host;
        if (!IPAddress.TryParse(host, out IPAddress? ip))
            refusal = $"'{configuration.Host}' is not an address; use 127.0.0.1, or the address of an interface of this machine.";
        else if (configuration.Port is < 0 or > IPEndPoint.MaxPort)
            refusal = $"{configuration.Port} is not a port; use 1 to {IPEndPoint.MaxPort}, or 0 for a free one.";
        else if (string.IsNullOrWhiteSpace(configuration.ApiKey))
            refusal = "A port needs an API key: every program and web page of this machine can reach it.";
        else
            refusal = null;
        address = refusal is null ? new IPEndPoint(ip!, configuration.Port) : null;
        return address is not null;
    }
}

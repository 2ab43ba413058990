using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Ds4Provider.Wire.Sockets;

namespace Ds4Provider.Wire.Watchdog;

/// <summary>
/// A client's connection to the watchdog, greeted and welcomed. After an <see cref="Acquire"/> it is the lease: the
/// model stays for as long as this connection is open.
/// Any number of callers may send; one at a time may receive. Made by <see cref="WatchdogLauncher"/>.
/// </summary>
public sealed class WatchdogConnection : IAsyncDisposable
{
    private readonly WatchdogChannel _channel;

    private WatchdogConnection(WatchdogChannel channel, Welcome welcome)
    {
        _channel = channel;
        Welcome = welcome;
    }

    /// <summary>What the watchdog said about itself.</summary>
    public Welcome Welcome { get; }

    /// <summary>Sends a request.</summary>
    /// <returns>Whether it was sent. It was not when the watchdog is gone; the receiver gets the end of the connection then.</returns>
    public async Task<bool> TrySendAsync(WatchdogMessage message, CancellationToken cancellationToken)
    {
        try
        {
            await _channel.SendAsync(message, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            // Whoever receives may have met the end first, and closed this side as well.
            return false;
        }
    }

    /// <inheritdoc cref="WatchdogChannel.ReceiveAsync"/>
    public ValueTask<WatchdogMessage?> ReceiveAsync(CancellationToken cancellationToken) =>
        _channel.ReceiveAsync(cancellationToken);

    /// <summary>The messages until the connection ends.</summary>
    public async IAsyncEnumerable<WatchdogMessage> ReceiveAllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await ReceiveAsync(cancellationToken).ConfigureAwait(false) is { } message)
            yield return message;
    }

    /// <summary>Closes the connection, and with it the lease.</summary>
    public ValueTask DisposeAsync() => _channel.DisposeAsync();

    /// <summary>Connects and greets.</summary>
    /// <param name="socketPath">Socket of the watchdog.</param>
    /// <param name="client">Name shown to people.</param>
    /// <param name="version">Package version of the watchdog for which this one may make way; null = it shall not.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The connection, or null when nobody listens or the watchdog is just ending.</returns>
    /// <exception cref="WatchdogUnavailableException">The watchdog refuses this client.</exception>
    internal static async Task<WatchdogConnection?> TryOpenAsync(string socketPath, string client, string? version, CancellationToken cancellationToken)
    {
        if (await TryConnectAsync(socketPath, cancellationToken).ConfigureAwait(false) is not { } stream)
            return null;
        var channel = new WatchdogChannel(stream);
        WatchdogConnection? connection = null;
        try
        {
            connection = await TryGreetAsync(channel, client, version, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (connection is null)
                await channel.DisposeAsync().ConfigureAwait(false);
        }
        return connection;
    }

    private static async Task<NetworkStream?> TryConnectAsync(string socketPath, CancellationToken cancellationToken)
    {
        try
        {
            return await UnixSocketStream.ConnectAsync(socketPath, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException error)
        {
            if (error.SocketErrorCode != SocketError.AccessDenied)
                return null; // No socket yet, a dead one, or a full backlog: all of them mean "not now".
            throw new WatchdogUnavailableException(
                FailureReason.StartFailed,
                $"The watchdog's socket {socketPath} belongs to somebody else.",
                "Remove it, or set XDG_RUNTIME_DIR to a directory of your own.");
        }
    }

    private static async Task<WatchdogConnection?> TryGreetAsync(
        WatchdogChannel channel, string client, string? version, CancellationToken cancellationToken)
    {
        var hello = new Hello(WatchdogProtocol.Version, client, Environment.ProcessId) { Version = version };
        try
        {
            await channel.SendAsync(hello, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException)
        {
            return null; // It ended between accept and greeting; the caller tries again.
        }
        return await channel.ReceiveAsync(cancellationToken).ConfigureAwait(false) switch
        {
            Welcome welcome when welcome.V == WatchdogProtocol.Version => new WatchdogConnection(channel, welcome),
            Welcome welcome => throw new WatchdogUnavailableException(
                FailureReason.VersionMismatch,
                $"The running ds4 watchdog ({welcome.Version}) speaks protocol {welcome.V}; this library speaks {WatchdogProtocol.Version}.",
                "Close the other programs that use ds4, or update them; the watchdog ends with the last of them."),
            Failed failed => throw new WatchdogUnavailableException(failed),
            null or Stopping => null,
            var other => throw new WatchdogUnavailableException(
                FailureReason.VersionMismatch,
                $"The ds4 watchdog answered the greeting with '{other.GetType().Name}' instead of a welcome.",
                "Close the other programs that use ds4, or update them; the watchdog ends with the last of them."),
        };
    }
}

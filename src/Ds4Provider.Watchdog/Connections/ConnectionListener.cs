using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Watchdog.Connections;

/// <summary>
/// The watchdog's Unix socket. Created and disposed only while the watchdog lock is held, so a socket file that is
/// already there belongs to a dead process and may be removed.
/// </summary>
internal sealed partial class ConnectionListener : IAsyncDisposable
{
    private const int Backlog = 64;

    private readonly Socket _listener;
    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _closed = new();
    private readonly Dictionary<Task, ClientConnection> _served = [];
    private Task _accepting = Task.CompletedTask;

    private ConnectionListener(Socket listener, string path, TimeProvider time, ILogger logger) =>
        (_listener, _path, _time, _logger) = (listener, path, time, logger);

    /// <summary>Binds the socket; it is readable and writable by this user only.</summary>
    public static ConnectionListener Bind(string path, TimeProvider time, ILogger logger)
    {
        File.Delete(path);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(path));
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            socket.Listen(Backlog);
            return new ConnectionListener(socket, path, time, logger);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Starts to accept clients for an owner.</summary>
    public void Start(IConnectionOwner owner) => _accepting = AcceptAsync(owner);

    /// <summary>Accepts no more, unlinks the socket, and closes what is open once its last messages are written.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closed.CancelAsync().ConfigureAwait(false);
        await _accepting.ConfigureAwait(false);
        _listener.Dispose();
        File.Delete(_path);
        Task[] served;
        lock (_served)
        {
            foreach (ClientConnection connection in _served.Values)
                connection.CloseAfterFlush();
            served = [.. _served.Keys];
        }
        // A failed connection has been logged when it failed.
        await Task.WhenAll(served).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _closed.Dispose();
    }

    private async Task AcceptAsync(IConnectionOwner owner)
    {
        while (!_closed.IsCancellationRequested)
        {
            try
            {
                Socket socket = await _listener.AcceptAsync(_closed.Token).ConfigureAwait(false);
                Serve(new ClientConnection(socket, owner, _time, _logger));
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (SocketException exception)
            {
                // Out of descriptors, or a client that left in the queue: neither may end the watchdog.
                LogAcceptFailed(_logger, exception);
                await Task.Delay(TimeSpan.FromMilliseconds(100), _time, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private void Serve(ClientConnection connection)
    {
        Task serving = connection.RunAsync();
        lock (_served)
            _served.Add(serving, connection);
        _ = serving.ContinueWith(
            task =>
            {
                if (task.Exception is { } exception)
                    LogConnectionFailed(_logger, exception);
                lock (_served)
                    _served.Remove(task);
                connection.Dispose();
            },
            TaskScheduler.Default);
    }

    [LoggerMessage(LogLevel.Warning, "A client could not be accepted")]
    private static partial void LogAcceptFailed(ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Error, "A connection ended with an unexpected error")]
    private static partial void LogConnectionFailed(ILogger logger, Exception exception);
}

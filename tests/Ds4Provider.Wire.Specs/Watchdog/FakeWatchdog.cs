using System.Collections.Concurrent;
using System.Net.Sockets;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Wire.Specs.Watchdog;

/// <summary>The watchdog's side of the socket, played by the test; the process that was started is a shell script.</summary>
internal sealed class FakeWatchdog : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private readonly ConcurrentBag<Socket> _clients = [];

    public FakeWatchdog(string socketPath, Func<WatchdogChannel, int, Task> serve)
    {
        _listener.Bind(new UnixDomainSocketEndPoint(socketPath));
        _listener.Listen();
        _accepting = AcceptAsync(serve);
    }

    public int Connections { get; private set; }

    public static async Task WelcomeAsync(WatchdogChannel channel)
    {
        (await channel.ReceiveAsync(TimesUp)).ShouldBeOfType<Hello>().V.ShouldBe(WatchdogProtocol.Version);
        await channel.SendAsync(new Welcome(WatchdogProtocol.Version, "0.1.0"), TimesUp);
    }

    /// <summary>Ends all connections, as the death of the process would.</summary>
    public void CloseConnections()
    {
        foreach (Socket client in _clients)
            client.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        CloseConnections();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync(Func<WatchdogChannel, int, Task> serve)
    {
        var clients = new List<Task>();
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                Socket socket = await _listener.AcceptAsync(_stop.Token);
                _clients.Add(socket);
                clients.Add(ServeAsync(socket, serve, Connections++));
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }
        await Task.WhenAll(clients);
    }

    private static async Task ServeAsync(Socket socket, Func<WatchdogChannel, int, Task> serve, int number)
    {
        await using var channel = new WatchdogChannel(new NetworkStream(socket, ownsSocket: true));
        await serve(channel, number);
    }
}

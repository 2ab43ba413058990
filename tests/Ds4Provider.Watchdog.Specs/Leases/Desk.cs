using System.Net.Sockets;
using System.Text;
using Ds4Provider.Watchdog.Connections;
using Ds4Provider.Watchdog.Leases;
using Ds4Provider.Watchdog.Supervision;
using Ds4Provider.Wire.Watchdog;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using static Ds4Provider.Watchdog.Specs.SpecContext;

namespace Ds4Provider.Watchdog.Specs.Leases;

/// <summary>A coordinator behind a real socket, with runs and a clock that the test controls.</summary>
internal sealed class Desk : IAsyncDisposable
{
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder _folder = new();
    private readonly Coordinator _coordinator;
    private readonly ConnectionListener _listener;

    public Desk()
        : this(Grace)
    {
    }

    public Desk(TimeSpan grace)
    {
        _coordinator = new Coordinator(Runner, Time, grace, "1.2.3", WakeLock, new StrainWatch(Machine, NullLogger<StrainWatch>.Instance), NullLogger<Coordinator>.Instance);
        _listener = ConnectionListener.Bind(Socket, Time, NullLogger.Instance);
        _listener.Start(_coordinator);
        Ended = _coordinator.RunAsync();
    }

    public FakeRunner Runner { get; } = new();

    public FakeWakeLock WakeLock { get; } = new();

    public FakeMachine Machine { get; } = new();

    public FakeTimeProvider Time { get; } = new();

    /// <summary>Completes when the watchdog has nothing left to do.</summary>
    public Task Ended { get; }

    private string Socket => _folder["w.sock"];

    /// <summary>A connection that has said nothing yet.</summary>
    public async Task<Stream> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket), TimesUp);
        return new NetworkStream(socket, ownsSocket: true);
    }

    /// <summary>A welcomed client.</summary>
    public async Task<DeskClient> OpenAsync(string name = "agent", int pid = 100, string? version = null)
    {
        DeskClient client = await GreetAsync(new Hello(WatchdogProtocol.Version, name, pid) { Version = version });
        (await client.NextAsync<Welcome>()).Version.ShouldBe("1.2.3");
        return client;
    }

    /// <summary>A client that has said hello.</summary>
    public async Task<DeskClient> GreetAsync(Hello hello)
    {
        var client = new DeskClient(await ConnectAsync());
        await client.SendAsync(hello);
        return client;
    }

    /// <summary>A client with a lease on a model that answers.</summary>
    public async Task<(DeskClient Client, FakeRun Run)> OpenReadyAsync(string model = "demo", int pid = 100)
    {
        DeskClient client = await OpenAsync(pid: pid);
        await client.SendAsync(new Acquire(model));
        FakeRun run = await Runner.NextAsync(TimesUp);
        run.BecomeReady();
        await client.NextAsync<Ready>();
        return (client, run);
    }

    /// <summary>A server that drains: its last lease is gone, and the grace after it is over.</summary>
    public async Task<FakeRun> DrainAsync()
    {
        (DeskClient client, FakeRun run) = await OpenReadyAsync();
        await client.DisposeAsync();
        await UntilLeasesAsync(0);
        Time.Advance(Grace);
        await SpecContext.UntilAsync(() => run.Stopping.IsCancellationRequested);
        return run;
    }

    /// <summary>Waits until the coordinator has seen as many leases.</summary>
    public Task UntilLeasesAsync(int count) => UntilAsync(status => status.Leases.Count == count);

    /// <summary>Waits until the coordinator says so.</summary>
    public async Task UntilAsync(Func<Status, bool> holds)
    {
        await using DeskClient observer = await OpenAsync("observer", 1);
        while (!holds(await observer.StatusAsync()))
            await Task.Delay(5, TimesUp);
    }

    public async ValueTask DisposeAsync()
    {
        _coordinator.StopServing("the test is over");
        await _listener.DisposeAsync();
        _folder.Dispose();
    }
}

/// <summary>One end of a connection to the desk.</summary>
internal sealed class DeskClient(Stream stream) : IAsyncDisposable
{
    private readonly WatchdogChannel _channel = new(stream);

    public Task SendAsync(WatchdogMessage message) => _channel.SendAsync(message, TimesUp);

    public Task SendLineAsync(string line) => stream.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), TimesUp).AsTask();

    /// <summary>The next message, or <see langword="null"/> at the end of the connection.</summary>
    public ValueTask<WatchdogMessage?> NextAsync() => _channel.ReceiveAsync(TimesUp);

    /// <summary>The next message of a kind; progress before it is passed over.</summary>
    public async Task<T> NextAsync<T>()
        where T : WatchdogMessage
    {
        WatchdogMessage? message;
        do
            message = await NextAsync();
        while (message is Progress && typeof(T) != typeof(Progress));
        return message.ShouldBeOfType<T>();
    }

    public async Task<Status> StatusAsync()
    {
        await SendAsync(new StatusRequest());
        return await NextAsync<Status>();
    }

    public ValueTask DisposeAsync() => _channel.DisposeAsync();
}

using Ds4Provider.Lease;
using Ds4Provider.Wire.Specs.Watchdog;
using Ds4Provider.Wire.Watchdog;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ds4Provider.Specs;

/// <summary>A watchdog played by the test, a real lease, a real HTTP server, a real client.</summary>
internal sealed class ChatWorld : IAsyncDisposable
{
    private readonly FakeWatchdog _watchdog;

    private ChatWorld(TemporaryFolder folder, Func<ChatWorld, WatchdogChannel, Acquire, Task>? acquire)
    {
        Folder = folder;
        Paths = new WatchdogPaths(folder["state"], folder["run"]);
        Paths.CreateDirectories();
        ServerSocket = folder["run/server.sock"];
        _watchdog = new FakeWatchdog(Paths.WatchdogSocket, async (channel, _) =>
        {
            await FakeWatchdog.WelcomeAsync(channel);
            while (await channel.ReceiveAsync(CancellationToken.None) is { } message)
            {
                if (message is not Acquire request)
                    continue;
                Acquisitions++;
                if (acquire is not null)
                    await acquire(this, channel, request);
                await channel.SendAsync(new Ready(ServerSocket, request.Model, 4096) { DisplayName = "Demo", ServerPid = 1 }, CancellationToken.None);
            }
        });
        var launcher = new WatchdogLauncher(
            Paths, _ => throw new InvalidOperationException("No watchdog may be started here."), Environment.GetEnvironmentVariable, TimeProvider.System);
        Runtime = new Ds4Runtime(
            new WatchdogLease(cancellationToken => launcher.ConnectAsync("spec", cancellationToken), NullLogger.Instance), TimeProvider.System, Ds4Model.DemoId);
        Client = Runtime.CreateChatClient(Ds4Model.DemoId);
    }

    public TemporaryFolder Folder { get; }

    public WatchdogPaths Paths { get; }

    public string ServerSocket { get; }

    public int Acquisitions { get; private set; }

    public Ds4Runtime Runtime { get; }

    public IChatClient Client { get; }

    public ModelServer Server { get; private set; } = null!;

    /// <summary>Creates it.</summary>
    /// <param name="answer">What the server answers; null = no server yet.</param>
    /// <param name="acquire">What happens between <c>acquire</c> and <c>ready</c>.</param>
    public static async Task<ChatWorld> CreateAsync(
        Func<HttpContext, Task>? answer, Func<ChatWorld, WatchdogChannel, Acquire, Task>? acquire = null)
    {
        var world = new ChatWorld(new TemporaryFolder(), acquire);
        if (answer is not null)
            await world.StartServerAsync(answer);
        return world;
    }

    public async Task StartServerAsync(Func<HttpContext, Task> answer)
    {
        File.Delete(ServerSocket);
        Server = await ModelServer.StartAsync(ServerSocket, answer);
    }

    public async Task<List<ChatResponseUpdate>> StreamAsync(string text = "hi", ChatOptions? options = null) =>
        await Client.GetStreamingResponseAsync(text, options, TimesUp).ToListAsync(TimesUp);

    public async ValueTask DisposeAsync()
    {
        await Runtime.DisposeAsync();
        if (Server is not null)
            await Server.DisposeAsync();
        await _watchdog.DisposeAsync();
        Folder.Dispose();
    }
}

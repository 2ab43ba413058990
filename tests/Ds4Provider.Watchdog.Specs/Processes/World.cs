using System.Diagnostics;
using System.Globalization;
using Ds4Provider.Wire.Payload;
using Ds4Provider.Wire.Watchdog;
using static Ds4Provider.Watchdog.Specs.SpecContext;

namespace Ds4Provider.Watchdog.Specs.Processes;

/// <summary>
/// A state directory, a payload and a PATH of its own, in which a real watchdog process runs with a dummy server.
/// Disposal ends what still runs and removes everything.
/// </summary>
internal sealed class World : IAsyncDisposable
{
    private const int FloatsPerRow = 80;
    private static readonly string Dummy = Path.Combine(AppContext.BaseDirectory, "dummy");

    private readonly Dictionary<string, string> _settings = [];
    private readonly List<Process> _clients = [];

    public World(string server = "ready", double grace = 0.5)
    {
        Paths = new WatchdogPaths(Folder["home"], Path.Combine(Folder["run"], "ds4"));
        Directory.CreateDirectory(Folder["run"]);
        Grace = TimeSpan.FromSeconds(grace);
        Set("DUMMY_SERVER", server);
        Set("DUMMY_PAYLOAD", Folder["payload"]);
        Set("DUMMY_MAKE_RUNS", MakeRuns);
        Set("PATH", Folder["bin"]);
        WritePayload();
        Folder.WriteScript("bin/make", $"exec \"{Dummy}\" make \"$@\"");
        Folder.WriteScript("bin/cc", "echo dummy cc 1.0");
    }

    public TemporaryFolder Folder { get; } = new();

    public WatchdogPaths Paths { get; }

    public TimeSpan Grace { get; }

    /// <summary>Process ids of the makes that ran.</summary>
    public string MakeRuns => Folder["make.runs"];

    /// <summary>What the watchdog process logged.</summary>
    public string Log => File.ReadAllText(Paths.WatchdogOutput);

    /// <summary>Sets a variable of the watchdog's environment, before it starts.</summary>
    public void Set(string name, string value) => _settings[name] = value;

    /// <summary>Connects, starting the watchdog if need be.</summary>
    public async Task<WatchdogConnection> ConnectAsync(string name = "spec", string? version = null) =>
        await Launcher(version).ConnectAsync(name, TimesUp);

    /// <summary>Connects and asks for the demo.</summary>
    public async Task<WatchdogConnection> AcquireAsync(string name = "spec", string model = "demo")
    {
        WatchdogConnection connection = await ConnectAsync(name);
        // On a machine that can hold Flash, a test must not begin to fetch it.
        await connection.TrySendAsync(new Acquire(model) { AskBeforeDownload = true }, TimesUp);
        return connection;
    }

    public Task<WatchdogConnection?> TryConnectAsync() => Launcher().TryConnectAsync("spec", TimesUp);

    /// <summary>A program of its own with a lease. It can be killed.</summary>
    public Process StartClient()
    {
        var start = new ProcessStartInfo(Dummy, ["client", "demo"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string name in (string[])["HOME", "DOTNET_ROOT", "PATH"])
            start.Environment[name] = Variable(name);
        start.Environment["DS4_HOME"] = Paths.StateDirectory;
        start.Environment["XDG_RUNTIME_DIR"] = Folder["run"];
        start.Environment["DS4_GRACE"] = Variable("DS4_GRACE");
        start.Environment["DUMMY_DS4"] = Executable();
        Process process = Process.Start(start)!;
        _clients.Add(process);
        return process;
    }

    /// <summary>A watchdog that nobody connects to yet, as <c>ds4 watchdog</c> in a terminal.</summary>
    public Process StartWatchdog()
    {
        var start = new ProcessStartInfo(Executable(), ["watchdog"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DS4_HOME"] = Paths.StateDirectory;
        start.Environment["XDG_RUNTIME_DIR"] = Folder["run"];
        start.Environment["DS4_GRACE"] = Variable("DS4_GRACE");
        Process process = Process.Start(start)!;
        _clients.Add(process);
        return process;
    }

    /// <summary>Waits until make runs; its process id.</summary>
    public async Task<int> UntilMakeRunsAsync()
    {
        await UntilAsync(() => File.Exists(MakeRuns) && File.ReadAllText(MakeRuns).EndsWith('\n'));
        return int.Parse((await File.ReadAllLinesAsync(MakeRuns, TimesUp))[0], CultureInfo.InvariantCulture);
    }

    /// <summary>Waits until no watchdog runs: its lock is free.</summary>
    public Task UntilOverAsync() => UntilAsync(() =>
    {
        using FileLock? free = FileLock.TryAcquire(Paths.WatchdogLock);
        return free is not null;
    });

    public async ValueTask DisposeAsync()
    {
        foreach (Process client in _clients)
        {
            client.Kill();
            client.Dispose();
        }
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        if (Directory.Exists(Paths.StateDirectory) && await Launcher().TryConnectAsync("cleaner", patience.Token) is { } connection)
        {
            await connection.TrySendAsync(new Stop(), patience.Token);
            while (await connection.ReceiveAsync(patience.Token) is not null)
            {
                // The connection ends with the watchdog.
            }
            await connection.DisposeAsync();
        }
        Folder.Dispose();
    }

    private WatchdogLauncher Launcher(string? version = null) => new(Paths, _ => Task.FromResult(Executable()), Variable, TimeProvider.System)
    {
        Version = version ?? WatchdogProtocol.PackageVersion,
    };

    /// <summary>Plays <c>ds4</c>: the dummy, with the settings that a client's environment may not carry.</summary>
    private string Executable()
    {
        IEnumerable<string> exports = _settings.Select(setting => $"export {setting.Key}='{setting.Value}'");
        return Folder.WriteScript("ds4", string.Join('\n', exports) + $"\nexec \"{Dummy}\" \"$@\"");
    }

    private string? Variable(string name) => name switch
    {
        "XDG_RUNTIME_DIR" => Folder["run"],
        "DS4_GRACE" => Grace.TotalSeconds.ToString(CultureInfo.InvariantCulture),
        "HOME" or "DOTNET_ROOT" or "PATH" => Environment.GetEnvironmentVariable(name),
        _ => null,
    };

    /// <summary>An engine that came along compiled from the sources that are there now.</summary>
    /// <param name="tool">What its program does, in the shell's language.</param>
    public void WritePackagedEngine(string tool)
    {
        Folder.Write(OperatingSystem.IsMacOS() ? "payload/prebuilt/libds4.dylib" : "payload/prebuilt/libds4.so", "not a library");
        Folder.WriteScript("payload/prebuilt/ds4-logits", tool);
        Folder.Write(
            "payload/prebuilt/sources.sha256",
            string.Concat(PayloadManifest.FilesBelow(Folder["payload/native"]).Select(file => $"{file.Sha256}  {file.Path}\n")));
    }

    private void WritePayload()
    {
        Folder.Write("payload/native/src/forward.c", "int forward;");
        Folder.Write("payload/models/ds4-demo.gguf", "not a model");
        Folder.Write("payload/selftest/selftest.ids", "1\n2\n");
        Folder.Write("payload/selftest/selftest.positions", "1\n2\n");
        byte[] logits = [.. Enumerable.Range(1, 2 * FloatsPerRow).SelectMany(i => BitConverter.GetBytes(1f / i))];
        File.WriteAllBytes(Folder["payload/selftest/selftest.f32"], logits);
    }
}

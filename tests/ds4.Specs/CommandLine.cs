using System.Diagnostics;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Cli.Specs;

/// <summary>The real executable, with a state directory, sockets and a payload of its own for one test.</summary>
internal sealed class CommandLine : IAsyncDisposable
{
    public const int Limit = 60_000;

    private readonly List<Process> _started = [];

    public CommandLine()
    {
        Folder = Path.Combine("/tmp", "ds4c-" + Guid.NewGuid().ToString("N")[..12]);
        Directory.CreateDirectory(RuntimeDirectory);
        Program = Path.Combine(AppContext.BaseDirectory, "ds4");
    }

    public static CancellationToken TimesUp => TestContext.Current.CancellationToken;

    public string Folder { get; }

    public string Home => Path.Combine(Folder, "home");

    private string RuntimeDirectory => Path.Combine(Folder, "run");

    public string Grace { get; set; } = "0.5";

    /// <summary>Runs <c>dotnet ds4.dll</c>, as <c>dotnet tool run</c> does, instead of the executable.</summary>
    public bool ThroughDotnet { get; init; }

    private string Program { get; set; }

    /// <summary>Installs the executable in a folder of its own with a payload whose engine is made by this Makefile.</summary>
    public void InstallWithMakefile(string makefile)
    {
        string target = Path.Combine(Folder, "installed");
        Directory.CreateDirectory(target);
        foreach (string file in Directory.EnumerateFiles(AppContext.BaseDirectory))
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        foreach ((string name, string text) in (ReadOnlySpan<(string, string)>)[
            ("native/Makefile", makefile), ("models/ds4-demo.gguf", "not a model"), ("selftest/selftest.ids", "1\n"),
            ("selftest/selftest.positions", "1\n"), ("selftest/selftest.f32", "1234")])
        {
            string path = Path.Combine(target, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
        }
        Program = Path.Combine(target, "ds4");
    }

    /// <summary>Where a watchdog of this test is looked for; its directory exists then.</summary>
    public string PrepareSocket()
    {
        WatchdogPaths paths = WatchdogPaths.FromEnvironment(name => name switch
        {
            "DS4_HOME" => Home,
            "XDG_RUNTIME_DIR" => RuntimeDirectory,
            _ => null,
        });
        paths.CreateDirectories();
        return paths.WatchdogSocket;
    }

    public Process Start(params string[] arguments)
    {
        string[] command = ThroughDotnet ? ["dotnet", Program + ".dll", .. arguments] : [Program, .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DS4_HOME"] = Home;
        start.Environment["XDG_RUNTIME_DIR"] = RuntimeDirectory;
        start.Environment["DS4_GRACE"] = Grace;
        start.Environment.Remove("DS4_MODEL_QUANT");
        Process process = Process.Start(start)!;
        _started.Add(process);
        return process;
    }

    /// <summary>Runs a command to its end.</summary>
    public async Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        Process process = Start(arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync(TimesUp);
        Task<string> errors = process.StandardError.ReadToEndAsync(TimesUp);
        await process.WaitForExitAsync(TimesUp);
        return (process.ExitCode, await output, await errors);
    }

    /// <summary>Waits until no watchdog runs any more.</summary>
    public async Task UntilOverAsync()
    {
        while ((await RunAsync("status")).ExitCode == 0)
            await Task.Delay(100, TimesUp);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Process process in _started.ToArray())
        {
            process.Kill();
            process.Dispose();
        }
        if (Directory.Exists(Home))
        {
            Process stop = Start("stop");
            await stop.WaitForExitAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30), CancellationToken.None);
            stop.Dispose();
        }
        Directory.Delete(Folder, recursive: true);
    }
}

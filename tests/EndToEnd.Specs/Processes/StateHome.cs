using System.Diagnostics;

namespace EndToEnd.Specs.Processes;

/// <summary>
/// A state directory of one test. Disposing it waits until nothing of ours runs in it any more, and fails when
/// something does: leftovers are product bugs.
/// </summary>
internal sealed class StateHome : IAsyncDisposable
{
    private static readonly string SharedEngines = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"ds4-e2e-engines-{Environment.ProcessId}");
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("ds4-e2e-");

    static StateHome() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        if (Directory.Exists(SharedEngines))
            Directory.Delete(SharedEngines, recursive: true);
    };

    public StateHome(int graceSeconds, CancellationToken cancellationToken, bool withEngine = true)
    {
        Cancelled = cancellationToken;
        Variables = new Dictionary<string, string?>
        {
            ["DS4_HOME"] = Path,
            ["DS4_GRACE"] = graceSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["XDG_RUNTIME_DIR"] = null,
            ["NO_COLOR"] = "1",
        };
        if (withEngine)
            ReuseEngineBuild();
    }

    /// <summary>Ends every wait of the test.</summary>
    public CancellationToken Cancelled { get; }

    public string Path => directory.FullName;

    public IReadOnlyDictionary<string, string?> Variables { get; }

    /// <summary>Lets the library in this process use the state directory until the result is disposed.</summary>
    public IDisposable Enter() => new EnvironmentScope(Variables);

    /// <summary>Waits until a process of this state directory is the one looked for.</summary>
    public async Task<int> WaitForAsync(Func<ProcessEntry, bool> predicate)
    {
        while (true)
        {
            Cancelled.ThrowIfCancellationRequested();
            if (ProcessTable.Of(Path).FirstOrDefault(predicate) is { } found)
                return found.Pid;
            await Task.Delay(10, Cancelled);
        }
    }

    /// <summary>Waits until no process has this state directory.</summary>
    public async Task WaitUntilQuietAsync(TimeSpan limit)
    {
        long start = Stopwatch.GetTimestamp();
        while (ProcessTable.Of(Path).Count > 0)
        {
            if (Stopwatch.GetElapsedTime(start) > limit)
            {
                string left = string.Join("; ", ProcessTable.Of(Path).Select(p => $"{p.Pid} {p.CommandLine}"));
                throw new TimeoutException($"After {limit.TotalSeconds} s these still run: {left}");
            }
            await Task.Delay(20);
        }
    }

    /// <summary>What watchdog and server logged, for the message of a failure.</summary>
    public string ReadLogs()
    {
        string logs = System.IO.Path.Combine(Path, "logs");
        return Directory.Exists(logs)
            ? string.Join('\n', Directory.EnumerateFiles(logs).Order().Select(file => $"== {System.IO.Path.GetFileName(file)}\n{File.ReadAllText(file)}"))
            : "";
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await WaitUntilQuietAsync(TimeSpan.FromSeconds(30));
            KeepEngineBuild();
        }
        finally
        {
            foreach (ProcessEntry process in ProcessTable.Of(Path))
                ProcessTable.Kill(process.Pid);
            directory.Delete(recursive: true);
        }
    }

    // One compilation serves the whole run: the build cache is keyed by content, so a copy is as good as a build.
    private void ReuseEngineBuild()
    {
        if (Directory.Exists(SharedEngines))
            Copy(SharedEngines, System.IO.Path.Combine(Path, "engine"));
    }

    private void KeepEngineBuild()
    {
        string built = System.IO.Path.Combine(Path, "engine");
        if (!Directory.Exists(SharedEngines) && Directory.Exists(built) && Directory.EnumerateDirectories(built).Any())
            Copy(built, SharedEngines);
    }

    private static void Copy(string from, string to)
    {
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = System.IO.Path.Combine(to, System.IO.Path.GetRelativePath(from, file));
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}

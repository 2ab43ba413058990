using System.Diagnostics;

namespace EndToEnd.Specs.Processes;

/// <summary>
/// A state directory of one test. Disposing it waits until nothing of ours runs in it any more, and fails when
/// something does: leftovers are product bugs.
/// </summary>
internal sealed class StateHome : IAsyncDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("ds4-e2e-");

    private readonly PreparedFiles prepared;

    // Whoever ran before the directory was there cannot be of it: reading the table again and again stays cheap.
    private readonly HashSet<int> strangers = [.. ProcessTable.Pids()];

    public StateHome(int graceSeconds, CancellationToken cancellationToken, bool withEngine = true, PreparedFiles? prepared = null)
    {
        this.prepared = prepared ?? PreparedFiles.OfDemo;
        Cancelled = cancellationToken;
        Variables = new()
        {
            ["DS4_HOME"] = Path,
            ["DS4_GRACE"] = graceSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["XDG_RUNTIME_DIR"] = null,
            ["NO_COLOR"] = "1",
        };
        this.prepared.Give(Path, withEngine);
    }

    /// <summary>Ends every wait of the test.</summary>
    public CancellationToken Cancelled { get; }

    public string Path => directory.FullName;

    /// <summary>The environment of the programs that use it.</summary>
    public Dictionary<string, string?> Variables { get; }

    /// <summary>Lets the library in this process use the state directory until the result is disposed.</summary>
    public IDisposable Enter() => new EnvironmentScope(Variables);

    /// <summary>The processes that run with this state directory.</summary>
    public IReadOnlyList<ProcessEntry> Processes()
    {
        lock (strangers)
            return ProcessTable.Of(Path, strangers);
    }

    /// <summary>Waits until a process of this state directory is the one looked for.</summary>
    public async Task<int> WaitForAsync(Func<ProcessEntry, bool> predicate)
    {
        while (true)
        {
            Cancelled.ThrowIfCancellationRequested();
            if (Processes().FirstOrDefault(predicate) is { } found)
                return found.Pid;
            await Task.Delay(10, Cancelled);
        }
    }

    /// <summary>Waits until no process has this state directory.</summary>
    public async Task WaitUntilQuietAsync(TimeSpan limit)
    {
        long start = Stopwatch.GetTimestamp();
        while (Processes().Count > 0)
        {
            if (Stopwatch.GetElapsedTime(start) > limit)
            {
                string left = string.Join("; ", Processes().Select(p => $"{p.Pid} {p.CommandLine}"));
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
            prepared.Keep(Path);
        }
        finally
        {
            foreach (ProcessEntry process in Processes())
                ProcessTable.Kill(process.Pid);
            directory.Delete(recursive: true);
        }
    }
}

using System.Diagnostics;
using System.Globalization;
using Ds4Provider;
using Ds4Provider.Wire.Watchdog;
using Microsoft.Extensions.AI;

namespace Benchmarks;

/// <summary>
/// How long people wait for the demo model from nothing, and how soon everything is gone when its last user is killed: real
/// processes with a state directory of their own.
/// </summary>
internal sealed class LifecycleBenchmark : IDisposable
{
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("ds4-lifecycle-");
    private readonly WatchdogPaths _paths;
    private int _requests;

    private LifecycleBenchmark()
    {
        Environment.SetEnvironmentVariable("DS4_HOME", _home.FullName);
        Environment.SetEnvironmentVariable("DS4_BASE_URL", null);
        Grace(0);
        _paths = WatchdogPaths.FromEnvironment(Environment.GetEnvironmentVariable);
    }

    // What the first run installed.
    private string Executable => Path.Combine(Directory.GetDirectories(_paths.Executables).Single(), "ds4");

    public static async Task RunAsync()
    {
        using var benchmark = new LifecycleBenchmark();
        Console.WriteLine("| measured | times | median | worst | goal |");
        Console.WriteLine("|---|---|---|---|---|");
        await benchmark.RunAllAsync();
    }

    public void Dispose() => _home.Delete(recursive: true);

    private async Task RunAllAsync()
    {
        Print("nothing built → first word of the demo", await RepeatAsync(1, FromNothingAsync), "< 90 s");
        Print("built, nothing runs → first word", await RepeatAsync(10, FromNothingAsync), "< 3 s");
        Grace(600);
        await using (Ds4Runtime holder = await Ds4Runtime.StartAsync(Ds4Model.DemoId))
        {
            await FirstWordAsync(holder);
            Print("server up, a new program's lease and first word", await RepeatAsync(30, ByAnotherProgramAsync), "< 300 ms");
            Print("server up, lease in a warmed process", await RepeatAsync(200, LeaseAsync), "< 30 ms");
            Print("client killed → watchdog knows", await RepeatAsync(20, UntilNoticedAsync), "< 50 ms (median)");
            await PrintIdleAsync();
        }
        await StopAsync();
        Grace(0);
        Print("last client killed, grace 0 → server gone", await RepeatAsync(10, UntilServerGoneAsync), "< 1 s");
    }

    // ---- what is measured

    private async Task<TimeSpan> FromNothingAsync()
    {
        long start = Stopwatch.GetTimestamp();
        TimeSpan taken;
        await using (Ds4Runtime ds4 = await Ds4Runtime.StartAsync(Ds4Model.DemoId))
        {
            await FirstWordAsync(ds4);
            taken = Stopwatch.GetElapsedTime(start);
        }
        await UntilOverAsync();
        return taken;
    }

    private async Task<TimeSpan> ByAnotherProgramAsync()
    {
        long start = Stopwatch.GetTimestamp();
        await using Ds4Runtime ds4 = await Ds4Runtime.StartAsync(Ds4Model.DemoId);
        await FirstWordAsync(ds4);
        return Stopwatch.GetElapsedTime(start);
    }

    private async Task<TimeSpan> LeaseAsync()
    {
        long start = Stopwatch.GetTimestamp();
        await using WatchdogConnection lease = await ConnectAsync();
        await lease.TrySendAsync(new Acquire("demo"), CancellationToken.None);
        await ReceiveAsync<Ready>(lease);
        return Stopwatch.GetElapsedTime(start);
    }

    private async Task<TimeSpan> UntilNoticedAsync()
    {
        await using WatchdogConnection observer = await ConnectAsync();
        int leases = (await StatusAsync(observer)).Leases.Count;
        using Process client = await StartClientAsync();
        client.Kill();
        long start = Stopwatch.GetTimestamp();
        while ((await StatusAsync(observer)).Leases.Count > leases)
            await Task.Yield();
        return Stopwatch.GetElapsedTime(start);
    }

    private async Task<TimeSpan> UntilServerGoneAsync()
    {
        using Process client = await StartClientAsync();
        int server;
        await using (WatchdogConnection observer = await ConnectAsync())
            server = (await StatusAsync(observer)).ServerPid ?? throw new InvalidOperationException("No server runs.");
        using Process process = Process.GetProcessById(server);
        client.Kill();
        long start = Stopwatch.GetTimestamp();
        await process.WaitForExitAsync();
        TimeSpan taken = Stopwatch.GetElapsedTime(start);
        await UntilOverAsync();
        return taken;
    }

    private async Task PrintIdleAsync()
    {
        if (!OperatingSystem.IsLinux())
            return;
        await using WatchdogConnection observer = await ConnectAsync();
        using Process watchdog = Process.GetProcessById((await StatusAsync(observer)).Pid);
        await Task.Delay(Idle);
        (Dictionary<string, long> before, TimeSpan time) = (Wakes(watchdog.Id), watchdog.TotalProcessorTime);
        await Task.Delay(Idle);
        watchdog.Refresh();
        string status = $"/proc/{watchdog.Id}/status";
        long own = Number(status, "RssAnon:") + Number(status, "RssShmem:");
        long wakes = Wakes(watchdog.Id).Sum(thread => thread.Value - before.GetValueOrDefault(thread.Key));
        Console.WriteLine(Line($"| idle watchdog: resident memory | 1 | {Number(status, "VmRSS:") / 1e3:0} MB | | < 60 MB |"));
        Console.WriteLine(Line($"| of it not shared with the files of the runtime | 1 | {own / 1e3:0} MB | | |"));
        Console.WriteLine(Line($"| idle watchdog: processor | 1 | {100 * (watchdog.TotalProcessorTime - time) / Idle:0.00} % | | |"));
        Console.WriteLine(Line($"| idle watchdog: threads woken a second | 1 | {wakes / Idle.TotalSeconds:0.0} | | only for what it needs |"));
    }

    // ---- the parts

    private async Task FirstWordAsync(Ds4Runtime ds4)
    {
        // Never the same prompt twice, so that all of it is evaluated.
        string prompt = string.Create(CultureInfo.InvariantCulture, $"hello {_requests++}");
        await foreach (ChatResponseUpdate update in ds4.CreateChatClient().GetStreamingResponseAsync(prompt))
        {
            if (update.Contents.Any(content => content is TextContent or TextReasoningContent))
                return;
        }
        throw new InvalidOperationException("The demo said nothing.");
    }

    private Task<WatchdogConnection> ConnectAsync() =>
        new WatchdogLauncher(_paths, _ => Task.FromResult(Executable), Environment.GetEnvironmentVariable, TimeProvider.System)
            .ConnectAsync("benchmark", CancellationToken.None);

    /// <summary>A program that holds a lease.</summary>
    private async Task<Process> StartClientAsync()
    {
        Process client = Process.Start(new ProcessStartInfo(Executable, ["serve", "demo", "--json", "--port", "0"])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        _ = client.StandardError.ReadToEndAsync();
        await client.StandardOutput.ReadLineAsync();
        return client;
    }

    private async Task StopAsync()
    {
        await using (WatchdogConnection connection = await ConnectAsync())
        {
            await connection.TrySendAsync(new Stop(), CancellationToken.None);
            while (await connection.ReceiveAsync(CancellationToken.None) is not null)
            {
                // It ends with the watchdog.
            }
        }
        await UntilOverAsync();
    }

    private async Task UntilOverAsync()
    {
        while (true)
        {
            using (FileLock? free = FileLock.TryAcquire(_paths.WatchdogLock))
            {
                if (free is not null)
                    return;
            }
            await Task.Delay(10);
        }
    }

    private static async Task<Status> StatusAsync(WatchdogConnection connection)
    {
        await connection.TrySendAsync(new StatusRequest(), CancellationToken.None);
        return await ReceiveAsync<Status>(connection);
    }

    private static async Task<T> ReceiveAsync<T>(WatchdogConnection connection)
        where T : WatchdogMessage
    {
        await foreach (WatchdogMessage message in connection.ReceiveAllAsync(CancellationToken.None))
        {
            if (message is T wanted)
                return wanted;
        }
        throw new InvalidOperationException("The watchdog ended.");
    }

    /// <summary>How often each thread of a process has waited for something.</summary>
    private static Dictionary<string, long> Wakes(int pid) => Directory.GetDirectories($"/proc/{pid}/task")
        .ToDictionary(task => task, task => Number(Path.Combine(task, "status"), "voluntary_ctxt_switches:"));

    private static long Number(string file, string name) => long.Parse(
        File.ReadLines(file).First(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..].Replace("kB", "", StringComparison.Ordinal),
        NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);

    private static void Grace(int seconds) =>
        Environment.SetEnvironmentVariable("DS4_GRACE", seconds.ToString(CultureInfo.InvariantCulture));

    // ---- the table

    private static async Task<List<TimeSpan>> RepeatAsync(int times, Func<Task<TimeSpan>> measure)
    {
        List<TimeSpan> taken = [];
        for (int time = 0; time < times; time++)
            taken.Add(await measure());
        taken.Sort();
        return taken;
    }

    private static void Print(string name, List<TimeSpan> sorted, string goal) =>
        Console.WriteLine(Line($"| {name} | {sorted.Count} | {Format(sorted[sorted.Count / 2])} | {Format(sorted[^1])} | {goal} |"));

    private static string Format(TimeSpan time) =>
        time.TotalSeconds >= 1 ? Line($"{time.TotalSeconds:0.0} s") : Line($"{time.TotalMilliseconds:0.0} ms");

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

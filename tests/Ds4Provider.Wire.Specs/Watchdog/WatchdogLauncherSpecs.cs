using System.Collections.Concurrent;
using System.Diagnostics;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Wire.Specs.Watchdog;

public sealed class WatchdogLauncherSpecs : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly WatchdogPaths _paths;

    public WatchdogLauncherSpecs()
    {
        _paths = new WatchdogPaths(_folder["state"], _folder["run"]);
        _paths.CreateDirectories();
    }

    private string Started => _folder["state/started"];

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = 20_000)]
    public async Task A_running_watchdog_is_joined_and_nothing_is_started()
    {
        await using var watchdog = new FakeWatchdog(_paths.WatchdogSocket, async (channel, _) =>
        {
            await FakeWatchdog.WelcomeAsync(channel);
            await channel.SendAsync(new Stopping("bye"), TimesUp);
        });
        var launcher = new WatchdogLauncher(_paths, _ => throw new InvalidOperationException("started"), _ => null, TimeProvider.System);

        await using WatchdogConnection connection = await launcher.ConnectAsync("spec", TimesUp);

        connection.Welcome.Version.ShouldBe("0.1.0");
        (await connection.ReceiveAsync(TimesUp)).ShouldBe(new Stopping("bye"));
        (await connection.ReceiveAsync(TimesUp)).ShouldBeNull();
    }

    [Fact(Timeout = 20_000)]
    public async Task Only_who_would_start_a_watchdog_says_of_what_version()
    {
        ConcurrentQueue<string?> versions = [];
        await using var watchdog = new FakeWatchdog(_paths.WatchdogSocket, async (channel, _) =>
        {
            versions.Enqueue((await channel.ReceiveAsync(TimesUp)).ShouldBeOfType<Hello>().Version);
            await channel.SendAsync(new Welcome(WatchdogProtocol.Version, "0.1.0"), TimesUp);
        });
        var launcher = new WatchdogLauncher(_paths, _ => throw new InvalidOperationException("started"), _ => null, TimeProvider.System) { Version = "2.0.0" };

        await (await launcher.TryConnectAsync("spec", TimesUp)).ShouldNotBeNull().DisposeAsync();
        await (await launcher.ConnectAsync("spec", TimesUp)).DisposeAsync();

        versions.ShouldBe([null, "2.0.0"]);
    }

    [Fact(Timeout = 20_000)]
    public async Task Nothing_is_started_when_only_a_running_watchdog_is_asked_for()
    {
        (await Launcher("echo no").TryConnectAsync("spec", TimesUp)).ShouldBeNull();
        File.Exists(Started).ShouldBeFalse();
    }

    [Fact(Timeout = 20_000)]
    public async Task A_missing_watchdog_is_started_and_waited_for()
    {
        WatchdogLauncher launcher = Launcher("exec sleep 5");
        Task<WatchdogConnection> connecting = launcher.ConnectAsync("spec", TimesUp);
        await WaitForFileAsync(Started);
        await Task.Delay(50, TimesUp);
        await using var watchdog = new FakeWatchdog(_paths.WatchdogSocket, (channel, _) => FakeWatchdog.WelcomeAsync(channel));

        await using WatchdogConnection connection = await connecting;

        File.ReadAllLines(Started).ShouldHaveSingleItem().ShouldBe("watchdog");
    }

    [Fact(Timeout = 20_000)]
    public async Task Clients_that_come_at_once_start_one_watchdog()
    {
        Task<WatchdogConnection>[] connecting = [.. Enumerable.Range(0, 8).Select(_ => Launcher("exec sleep 5").ConnectAsync("spec", TimesUp))];
        await WaitForFileAsync(Started);
        await using var watchdog = new FakeWatchdog(_paths.WatchdogSocket, (channel, _) => FakeWatchdog.WelcomeAsync(channel));

        foreach (WatchdogConnection connection in await Task.WhenAll(connecting))
            await connection.DisposeAsync();

        File.ReadAllLines(Started).Length.ShouldBe(1);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_watchdog_that_is_just_ending_is_tried_again()
    {
        await using var watchdog = new FakeWatchdog(
            _paths.WatchdogSocket,
            (channel, number) => number < 2 ? Task.CompletedTask : FakeWatchdog.WelcomeAsync(channel));

        await using WatchdogConnection connection = await Launcher("exit 0").ConnectAsync("spec", TimesUp);

        watchdog.Connections.ShouldBe(3);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_watchdog_that_crashes_is_reported_with_its_own_words()
    {
        File.WriteAllText(_paths.WatchdogOutput, "an older failure\n");

        WatchdogUnavailableException error = await Should.ThrowAsync<WatchdogUnavailableException>(
            () => Launcher("echo 'cannot load libfoo' >&2; exit 7").ConnectAsync("spec", TimesUp));

        error.Failure.Reason.ShouldBe(FailureReason.StartFailed);
        error.Message.ShouldContain("cannot load libfoo");
        error.Message.ShouldContain("code 7");
        error.Message.ShouldNotContain("an older failure");
        error.Failure.Log.ShouldBe(_paths.WatchdogOutput);
        File.ReadAllLines(Started).Length.ShouldBe(1);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_file_that_is_no_program_is_reported_with_the_shells_words()
    {
        string missing = _folder["nowhere/ds4"];
        var launcher = new WatchdogLauncher(_paths, _ => Task.FromResult(missing), _ => null, TimeProvider.System);

        WatchdogUnavailableException error = await Should.ThrowAsync<WatchdogUnavailableException>(() => launcher.ConnectAsync("spec", TimesUp));

        error.Message.ShouldContain(missing);
        error.Message.ShouldContain("not found");
    }

    [Fact(Timeout = 20_000)]
    public async Task A_watchdog_that_gives_way_is_started_again_until_the_limit()
    {
        string script = Script("exit 0");
        var launcher = new WatchdogLauncher(_paths, _ => Task.FromResult(script), Environment.GetEnvironmentVariable, TimeProvider.System)
        {
            StartLimit = TimeSpan.FromSeconds(1),
        };

        WatchdogUnavailableException error = await Should.ThrowAsync<WatchdogUnavailableException>(() => launcher.ConnectAsync("spec", TimesUp));

        error.Message.ShouldContain("did not answer");
        File.ReadAllLines(Started).Length.ShouldBeInRange(2, 8);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_silent_watchdog_is_given_up_after_the_limit()
    {
        await using var watchdog = new FakeWatchdog(_paths.WatchdogSocket, async (channel, _) => await channel.ReceiveAllToEndAsync());
        var launcher = new WatchdogLauncher(_paths, _ => Task.FromResult("/bin/false"), _ => null, TimeProvider.System)
        {
            StartLimit = TimeSpan.FromMilliseconds(200),
        };

        WatchdogUnavailableException error = await Should.ThrowAsync<WatchdogUnavailableException>(() => launcher.ConnectAsync("spec", TimesUp));

        error.Message.ShouldContain("did not answer");
        error.Message.ShouldContain(_paths.WatchdogSocket);
    }

    [Fact(Timeout = 20_000)]
    public async Task Another_protocol_version_is_refused_with_a_hint()
    {
        await using var watchdog = new FakeWatchdog(_paths.WatchdogSocket, async (channel, _) =>
        {
            await channel.ReceiveAsync(TimesUp);
            await channel.SendAsync(new Welcome(99, "9.9.9"), TimesUp);
        });

        WatchdogUnavailableException error = await Should.ThrowAsync<WatchdogUnavailableException>(
            () => Launcher("exit 0").ConnectAsync("spec", TimesUp));

        error.Failure.Reason.ShouldBe(FailureReason.VersionMismatch);
        error.Message.ShouldContain("9.9.9");
    }

    [Fact(Timeout = 20_000)]
    public async Task Cancellation_ends_the_wait_and_frees_the_lock()
    {
        using var cancel = new CancellationTokenSource();
        Task<WatchdogConnection> connecting = Launcher("exec sleep 5").ConnectAsync("spec", cancel.Token);
        await WaitForFileAsync(Started);

        await cancel.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => connecting);
        using FileLock? free = FileLock.TryAcquire(_paths.StartLock);
        free.ShouldNotBeNull();
    }

    [Fact(Timeout = 20_000)]
    public async Task The_watchdog_gets_an_allow_listed_environment_and_works_in_the_root()
    {
        var variables = new Dictionary<string, string> { ["HOME"] = "/home/x", ["MY_SECRET"] = "s3cret", ["DS4_GRACE"] = "3" };
        var launcher = new WatchdogLauncher(
            _paths, _ => Task.FromResult(Script("env; exit 1")), variables.GetValueOrDefault, TimeProvider.System);

        WatchdogUnavailableException error = await Should.ThrowAsync<WatchdogUnavailableException>(() => launcher.ConnectAsync("spec", TimesUp));

        string[] lines = error.Message.Split('\n');
        lines.ShouldContain("PWD=/");
        lines.ShouldContain(line => line.EndsWith("HOME=/home/x", StringComparison.Ordinal));
        lines.ShouldContain("DS4_GRACE=3");
        lines.ShouldContain($"DS4_HOME={_paths.StateDirectory}");
        lines.ShouldContain(line => line.StartsWith("DOTNET_ROOT=", StringComparison.Ordinal));
        foreach ((string name, string value) in WatchdogRuntime.Settings)
            lines.ShouldContain($"{name}={value}");
        error.Message.ShouldNotContain("s3cret");
    }

    [Fact(Timeout = 20_000)]
    public async Task The_watchdog_ignores_the_terminals_signals_and_is_not_tied_to_our_pipes()
    {
        var launcher = Launcher("kill -INT $$; kill -HUP $$; kill -QUIT $$; readlink /proc/self/fd/0; echo survived; exit 1");
        if (!OperatingSystem.IsLinux())
            Assert.Skip("reads /proc");

        WatchdogUnavailableException error = await Should.ThrowAsync<WatchdogUnavailableException>(() => launcher.ConnectAsync("spec", TimesUp));

        error.Message.ShouldContain("survived");
        error.Message.ShouldContain("/dev/null");
    }

    private WatchdogLauncher Launcher(string script)
    {
        string path = Script(script);
        return new WatchdogLauncher(_paths, _ => Task.FromResult(path), Environment.GetEnvironmentVariable, TimeProvider.System);
    }

    private string Script(string body)
    {
        string path = _folder[$"ds4-{Guid.NewGuid():N}"];
        File.WriteAllText(path, $"#!/bin/sh\necho \"$@\" >> '{Started}'\n{body}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    private static async Task WaitForFileAsync(string path)
    {
        var waited = Stopwatch.StartNew();
        while (!File.Exists(path))
        {
            waited.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10));
            await Task.Delay(10, TimesUp);
        }
    }
}

using Ds4Provider.Wire.Watchdog;
using static Ds4Provider.Watchdog.Specs.Processes.ProcessExtensions;
using static Ds4Provider.Watchdog.Specs.SpecContext;

namespace Ds4Provider.Watchdog.Specs.Processes;

public sealed class SupervisionSpecs
{
    [Fact(Timeout = Limit)]
    public async Task A_server_that_works_without_progress_is_killed_and_started_again()
    {
        await using var world = new World();
        world.Set("DUMMY_SERVER", $"stuck-once {world.Folder["stuck"]}");
        await using WatchdogConnection client = await world.AcquireAsync();
        Ready first = await client.NextAsync<Ready>();

        Progress restarting = await client.UntilPhaseAsync(SetupPhase.Restarting);

        restarting.Message.ShouldContain("without a token");
        IsAlive(first.ServerPid).ShouldBeFalse();
        (await client.NextAsync<Ready>()).ServerPid.ShouldNotBe(first.ServerPid);
    }

    [Fact(Timeout = Limit)]
    public async Task The_watchdogs_runtime_is_set_for_little_memory_and_its_servers_is_not()
    {
        if (!OperatingSystem.IsLinux())
            Assert.Skip("reads /proc");
        await using var world = new World();
        await using WatchdogConnection client = await world.AcquireAsync();
        Ready ready = await client.NextAsync<Ready>();
        await client.TrySendAsync(new StatusRequest(), TimesUp);
        Status status = await client.NextAsync<Status>();

        string[] watchdog = await EnvironmentOfAsync(status.Pid);
        string[] server = await EnvironmentOfAsync(ready.ServerPid);

        server.ShouldContain($"DS4_HOME={world.Paths.StateDirectory}", "the rest is inherited");
        foreach ((string name, string value) in WatchdogRuntime.Settings)
        {
            watchdog.ShouldContain($"{name}={value}");
            server.ShouldNotContain(variable => variable.StartsWith(name + "=", StringComparison.Ordinal));
        }
    }

    [Fact(Timeout = Limit)]
    public async Task A_server_that_never_becomes_ready_is_given_up()
    {
        await using var world = new World("never-ready");
        world.Set("DUMMY_LIMIT", "0.05");
        await using WatchdogConnection client = await world.AcquireAsync();

        Failed failed = await client.NextAsync<Failed>();

        failed.Reason.ShouldBe(FailureReason.StartFailed);
        failed.Message.ShouldContain("while loading");
    }

    [Fact(Timeout = Limit)]
    public async Task A_server_that_keeps_crashing_is_given_up_with_its_last_words_and_asked_again_it_starts_again()
    {
        await using var world = new World("crash 30");
        await using WatchdogConnection client = await world.AcquireAsync();

        WatchdogMessage? message;
        do
            message = await client.ReceiveAsync(TimesUp);
        while (message is Progress or Ready);

        Failed failed = message.ShouldBeOfType<Failed>();
        failed.Reason.ShouldBe(FailureReason.StartFailed);
        failed.Message.ShouldContain("exit code 3");
        failed.Message.ShouldContain("the kernel exploded");
        (await File.ReadAllTextAsync(failed.Log!, TimesUp)).ShouldContain("the kernel exploded");
        await client.TrySendAsync(new Acquire("demo"), TimesUp);
        await client.NextAsync<Ready>();
    }

    [Fact(Timeout = Limit)]
    public async Task A_server_that_was_told_to_stop_by_others_is_not_announced_any_more_while_it_drains()
    {
        await using var world = new World();
        world.Set("DUMMY_SERVER", $"drains-once {world.Folder["told"]}");
        await using WatchdogConnection client = await world.AcquireAsync();
        Ready first = await client.NextAsync<Ready>();
        await client.UntilPhaseAsync(SetupPhase.Stopping);

        await client.TrySendAsync(new Acquire("demo"), TimesUp);
        (await client.NextAsync<Progress>()).Phase.ShouldBe(SetupPhase.Stopping);
        IsAlive(first.ServerPid).ShouldBeTrue();
        Kill(first.ServerPid);

        (await client.NextAsync<Ready>()).ServerPid.ShouldNotBe(first.ServerPid);
    }

    [Fact(Timeout = Limit)]
    public async Task A_crash_leaves_a_report_for_this_user_only_and_the_latest_ten_are_kept()
    {
        await using var world = new World();
        await using WatchdogConnection client = await world.AcquireAsync();
        Ready ready = await client.NextAsync<Ready>();
        string logs = world.Paths.Logs;
        for (int i = 0; i < 12; i++)
            await File.WriteAllTextAsync(Path.Combine(logs, $"crash-20010101-0000000{i:00}-1.txt"), "old", TimesUp);

        Kill(ready.ServerPid);
        Progress restarting = await client.UntilPhaseAsync(SetupPhase.Restarting);
        await client.NextAsync<Ready>();

        string[] reports = [.. Directory.GetFiles(logs, "crash-*.txt").Order(StringComparer.Ordinal)];
        reports.Length.ShouldBe(10);
        reports.ShouldNotContain(file => file.Contains("000000002-1", StringComparison.Ordinal), "the oldest are gone");
        string newest = reports[^1];
        restarting.Message.ShouldContain(newest);
        File.GetUnixFileMode(newest).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        string text = await File.ReadAllTextAsync(newest, TimesUp);
        text.ShouldContain("it was ended by signal 9");
        text.ShouldContain($"process  {ready.ServerPid},");
        text.ShouldContain("the model was loaded");
        text.ShouldContain("It said nothing.");
    }

    [Fact(Timeout = Limit)]
    public async Task A_server_that_says_why_it_cannot_start_is_not_tried_again()
    {
        await using var world = new World("refuse");
        await using WatchdogConnection client = await world.AcquireAsync();

        Failed failed = await client.NextAsync<Failed>();

        failed.Message.ShouldBe("The weights are of another planet.");
        failed.Hint.ShouldBe("Bring better ones.");
        (await client.StatusAsync()).Model.ShouldBeNull();
    }

    [Fact(Timeout = Limit)]
    public async Task What_a_library_prints_on_the_servers_output_harms_nothing()
    {
        await using var world = new World("chatter");
        await using WatchdogConnection client = await world.AcquireAsync();

        await client.NextAsync<Ready>();

        world.Log.ShouldContain("a library prints this");
    }

    [Fact(Timeout = Limit)]
    public async Task A_server_that_ignores_its_life_line_and_sigterm_is_killed()
    {
        await using var world = new World("deaf");
        world.Set("DUMMY_LIMIT", "0.2");
        WatchdogConnection client = await world.AcquireAsync();
        Ready ready = await client.NextAsync<Ready>();

        await client.DisposeAsync();

        await UntilDeadAsync(ready.ServerPid);
        await world.UntilOverAsync();
        world.Log.ShouldContain("SIGKILL");
    }

    [Fact(Timeout = Limit)]
    public async Task A_listener_keeps_its_address_and_key_when_the_server_is_started_again()
    {
        await using var world = new World();
        await using WatchdogConnection client = await world.AcquireAsync();
        Ready ready = await client.NextAsync<Ready>();
        await client.TrySendAsync(new Listen("127.0.0.1", 0), TimesUp);
        Listening first = await client.NextAsync<Listening>();
        first.ApiKey.Length.ShouldBe(43, "32 random bytes in base64url");

        Kill(ready.ServerPid);
        await client.NextAsync<Ready>();
        await client.TrySendAsync(new Listen("127.0.0.1", new Uri(first.Address).Port), TimesUp);

        (await client.NextAsync<Listening>()).ShouldBe(first);
    }

    [Fact(Timeout = Limit)]
    public async Task A_port_that_is_taken_is_a_clear_failure_and_the_lease_stays()
    {
        await using var world = new World();
        await using WatchdogConnection client = await world.AcquireAsync();
        await client.NextAsync<Ready>();

        await client.TrySendAsync(new Listen("127.0.0.1", 1), TimesUp);

        Failed failed = await client.NextAsync<Failed>();
        failed.Reason.ShouldBe(FailureReason.PortInUse);
        failed.Message.ShouldBe("Port 1 is taken.");
        (await client.StatusAsync()).Leases.Count.ShouldBe(1);
    }

    private static async Task<string[]> EnvironmentOfAsync(int pid) =>
        (await File.ReadAllTextAsync($"/proc/{pid}/environ", TimesUp)).Split('\0');
}

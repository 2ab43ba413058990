using System.Diagnostics;
using Ds4Provider.Wire.Watchdog;
using static Ds4Provider.Watchdog.Specs.Processes.ProcessExtensions;
using static Ds4Provider.Watchdog.Specs.SpecContext;

namespace Ds4Provider.Watchdog.Specs.Processes;

/// <summary>Nothing outlives the last client, whichever process is killed and how.</summary>
public sealed class DeathSpecs(ITestOutputHelper output)
{
    [Fact(Timeout = Limit)]
    public async Task The_server_ends_when_the_watchdog_is_killed()
    {
        await using var world = new World();
        await using WatchdogConnection client = await world.AcquireAsync();
        Ready ready = await client.NextAsync<Ready>();
        Status status = await client.StatusAsync();

        Kill(status.Pid);

        (await client.ReceiveAsync(TimesUp)).ShouldBeNull();
        await UntilDeadAsync(ready.ServerPid);
    }

    [Fact(Timeout = Limit)]
    public async Task A_killed_watchdog_blocks_no_new_one()
    {
        await using var world = new World();
        WatchdogConnection first = await world.AcquireAsync();
        Ready before = await first.NextAsync<Ready>();
        Kill((await first.StatusAsync()).Pid);
        await first.DisposeAsync();

        await using WatchdogConnection second = await world.AcquireAsync();

        Ready after = await second.NextAsync<Ready>();
        after.ServerPid.ShouldNotBe(before.ServerPid);
        after.Socket.ShouldNotBe(before.Socket, "the old server may still be draining on its socket");
    }

    [Fact(Timeout = Limit)]
    public async Task A_client_of_an_updated_package_gets_a_watchdog_of_its_own_once_nobody_uses_the_old_one()
    {
        await using var world = new World(grace: 100);
        WatchdogConnection before = await world.AcquireAsync();
        await before.NextAsync<Ready>();
        int old = (await before.StatusAsync()).Pid;
        await using (WatchdogConnection meanwhile = await world.ConnectAsync(version: "9.9.9"))
            (await meanwhile.StatusAsync()).Pid.ShouldBe(old, "it is in use");
        await before.DisposeAsync();
        await using (WatchdogConnection observer = await world.ConnectAsync())
        {
            while ((await observer.StatusAsync()).Leases.Count > 0)
                await Task.Delay(10, TimesUp);
        }

        await using WatchdogConnection updated = await world.ConnectAsync(version: "9.9.9");

        (await updated.StatusAsync()).Pid.ShouldNotBe(old);
        await UntilDeadAsync(old);
    }

    [Fact(Timeout = Limit)]
    public async Task A_killed_server_is_started_again_and_its_client_hears_it()
    {
        await using var world = new World();
        await using WatchdogConnection client = await world.AcquireAsync();
        Ready first = await client.NextAsync<Ready>();

        Kill(first.ServerPid);

        (await client.NextAsync<Progress>()).Phase.ShouldBe(SetupPhase.Restarting);
        Ready second = await client.NextAsync<Ready>();
        second.ServerPid.ShouldNotBe(first.ServerPid);
        IsAlive(second.ServerPid).ShouldBeTrue();
        (await client.StatusAsync()).Restarts.ShouldBe(1);
    }

    [Fact(Timeout = Limit)]
    public async Task Server_and_watchdog_end_within_the_grace_after_the_last_client_is_killed_and_block_no_start()
    {
        await using var world = new World(grace: 1);
        Process client = world.StartClient();
        string? line;
        do
        {
            line = await client.StandardOutput.ReadLineAsync(TimesUp);
            output.WriteLine(line ?? $"the client ended: {await client.StandardError.ReadToEndAsync(TimesUp)}");
            line.ShouldNotBeNull();
        }
        while (!line.Contains("\"ready\"", StringComparison.Ordinal));
        Status status;
        long killed;
        await using (WatchdogConnection observer = (await world.TryConnectAsync()).ShouldNotBeNull())
        {
            status = await observer.StatusAsync();
            status.Leases.ShouldHaveSingleItem().Pid.ShouldBe(client.Id);
            killed = Stopwatch.GetTimestamp();
            client.Kill();
            while ((await observer.StatusAsync()).Leases.Count > 0)
            {
                // Asked again at once: each answer takes a fraction of a millisecond.
            }
            output.WriteLine($"client SIGKILL -> lease gone: {Stopwatch.GetElapsedTime(killed).TotalMilliseconds:0.0} ms");
        }

        await UntilDeadAsync(status.ServerPid!.Value);
        await UntilDeadAsync(status.Pid);
        // From the kill on: the grace begins later, however late this test hears of it.
        TimeSpan taken = Stopwatch.GetElapsedTime(killed);
        output.WriteLine($"client SIGKILL -> server and watchdog gone: {taken.TotalMilliseconds:0} ms with a grace of {world.Grace.TotalSeconds} s");
        taken.ShouldBeGreaterThan(world.Grace);
        Directory.EnumerateFileSystemEntries(world.Paths.SocketDirectory).ShouldBeEmpty();
        await using WatchdogConnection next = await world.AcquireAsync();
        await next.NextAsync<Ready>();
    }

    [Fact(Timeout = Limit)]
    public async Task A_terminated_watchdog_tells_its_clients_and_takes_its_server_along()
    {
        await using var world = new World();
        await using WatchdogConnection client = await world.AcquireAsync();
        Ready ready = await client.NextAsync<Ready>();
        Status status = await client.StatusAsync();

        using (Process kill = Process.Start("/bin/kill", ["-TERM", $"{status.Pid}"]))
            await kill.WaitForExitAsync(TimesUp);

        (await client.NextAsync<Stopping>()).Reason.ShouldContain("signal");
        (await client.ReceiveAsync(TimesUp)).ShouldBeNull();
        await UntilDeadAsync(ready.ServerPid);
        await world.UntilOverAsync();
        File.Exists(world.Paths.WatchdogSocket).ShouldBeFalse();
    }

    [Theory(Timeout = Limit)]
    [InlineData("0")]
    [InlineData("1")]
    public async Task A_second_watchdog_gives_way_quietly_even_where_file_locks_of_dotnet_are_switched_off(string switchedOff)
    {
        await using var world = new World();
        world.Set("DOTNET_SYSTEM_IO_DISABLEFILELOCKING", switchedOff);
        await using WatchdogConnection client = await world.AcquireAsync();
        await client.NextAsync<Ready>();

        Process second = world.StartWatchdog();
        await second.WaitForExitAsync(TimesUp);

        second.ExitCode.ShouldBe(0);
        (await client.StatusAsync()).Leases.Count.ShouldBe(1);
    }

    [Fact(Timeout = Limit)]
    public async Task A_watchdog_leads_a_session_of_its_own()
    {
        await using var world = new World();
        await using WatchdogConnection client = await world.ConnectAsync();
        Status status = await client.StatusAsync();

        // Fields after the name: state, parent, process group, session.
        string stat = await File.ReadAllTextAsync($"/proc/{status.Pid}/stat", TimesUp);
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');

        fields[2].ShouldBe($"{status.Pid}");
        fields[3].ShouldBe($"{status.Pid}");
        new DirectoryInfo($"/proc/{status.Pid}/cwd").ResolveLinkTarget(returnFinalTarget: true)!.FullName.ShouldBe("/");
        File.GetUnixFileMode(world.Paths.WatchdogSocket).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}

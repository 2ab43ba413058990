using Ds4Provider.Wire.Watchdog;
using static Ds4Provider.Watchdog.Specs.SpecContext;

namespace Ds4Provider.Watchdog.Specs.Leases;

/// <summary>A package was updated while a watchdog of the version before still runs. The desk's watchdog is of version 1.2.3.</summary>
public sealed class HandOverSpecs
{
    [Theory(Timeout = Limit)]
    [InlineData(WatchdogProtocol.Version)]
    [InlineData(99)]
    public async Task A_watchdog_that_nobody_uses_makes_way_for_another_version_whatever_protocol_that_speaks(int protocol)
    {
        await using var desk = new Desk();
        (DeskClient before, FakeRun run) = await desk.OpenReadyAsync();
        await before.DisposeAsync();
        await desk.UntilLeasesAsync(0);

        await using DeskClient updated = await desk.GreetAsync(new Hello(protocol, "agent", 7) { Version = "2.0.0" });

        await UntilAsync(() => run.Stopping.IsCancellationRequested);
        run.End.SetResult();
        await desk.Ended.WaitAsync(TimesUp);
        (await updated.NextAsync()).ShouldBeNull("without a word, so that the client starts the other version");
    }

    [Fact(Timeout = Limit)]
    public async Task A_watchdog_in_use_is_shared_with_another_version()
    {
        await using var desk = new Desk();
        (DeskClient user, FakeRun run) = await desk.OpenReadyAsync();
        await using (user)
        {
            await using DeskClient updated = await desk.OpenAsync(pid: 7, version: "2.0.0");
            await updated.SendAsync(new Acquire("demo"));
            await updated.NextAsync<Ready>();

            run.Stopping.IsCancellationRequested.ShouldBeFalse();
        }
    }

    [Fact(Timeout = Limit)]
    public async Task A_watchdog_in_use_refuses_another_protocol_in_clear_words()
    {
        await using var desk = new Desk();
        (DeskClient user, _) = await desk.OpenReadyAsync();
        await using (user)
        {
            await using DeskClient updated = await desk.GreetAsync(new Hello(99, "agent", 7) { Version = "2.0.0" });

            (await updated.NextAsync<Failed>()).Reason.ShouldBe(FailureReason.VersionMismatch);
        }
    }

    [Theory(Timeout = Limit)]
    [InlineData("1.2.3")]
    [InlineData(null)]
    public async Task Its_own_version_and_who_only_asks_are_welcome(string? version)
    {
        await using var desk = new Desk();

        await using DeskClient client = await desk.OpenAsync(version: version);

        (await client.StatusAsync()).Leases.ShouldBeEmpty();
        desk.Ended.IsCompleted.ShouldBeFalse();
    }

    [Fact(Timeout = Limit)]
    public async Task A_client_that_is_about_to_say_what_it_wants_is_not_cut_off()
    {
        await using var desk = new Desk();
        await using DeskClient undecided = await desk.OpenAsync();

        await using DeskClient updated = await desk.OpenAsync(pid: 7, version: "2.0.0");
        await undecided.SendAsync(new Acquire("demo"));

        (await desk.Runner.NextAsync(TimesUp)).BecomeReady();
        await undecided.NextAsync<Ready>();
    }
}

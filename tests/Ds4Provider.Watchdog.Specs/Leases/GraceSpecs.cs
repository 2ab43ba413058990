using Ds4Provider.Wire.Watchdog;
using static Ds4Provider.Watchdog.Specs.SpecContext;

namespace Ds4Provider.Watchdog.Specs.Leases;

public sealed class GraceSpecs
{
    private static readonly TimeSpan AlmostGrace = Desk.Grace - TimeSpan.FromSeconds(1);

    [Fact(Timeout = Limit)]
    public async Task A_watchdog_that_nobody_takes_a_lease_from_ends_after_the_grace()
    {
        await using var desk = new Desk();
        await using DeskClient client = await desk.OpenAsync();
        await client.StatusAsync();

        desk.Time.Advance(AlmostGrace);
        (await client.StatusAsync()).Leases.ShouldBeEmpty();
        desk.Time.Advance(TimeSpan.FromSeconds(1));

        await desk.Ended.WaitAsync(TimesUp);
        (await client.NextAsync<Stopping>()).Reason.ShouldContain("60 seconds");
    }

    [Fact(Timeout = Limit)]
    public async Task Without_a_grace_the_watchdog_still_waits_for_the_client_that_started_it_and_for_no_later_one()
    {
        await using var desk = new Desk(grace: TimeSpan.Zero);
        await using DeskClient observer = await desk.OpenAsync("observer", 1);
        desk.Time.Advance(TimeSpan.FromSeconds(4));
        await observer.StatusAsync();
        desk.Ended.IsCompleted.ShouldBeFalse();

        (DeskClient client, FakeRun run) = await desk.OpenReadyAsync();
        await client.DisposeAsync();
        await desk.UntilLeasesAsync(0);
        // A second at a time: the observer above may just have been welcomed, and each such client is waited for once.
        await UntilAsync(() =>
        {
            desk.Time.Advance(TimeSpan.FromSeconds(1));
            return run.Stopping.IsCancellationRequested;
        });
        run.End.SetResult();

        await desk.Ended.WaitAsync(TimesUp);
    }

    [Fact(Timeout = Limit)]
    public async Task A_setup_that_cannot_be_ended_properly_ends_nobody_else()
    {
        await using var desk = new Desk(grace: TimeSpan.Zero);
        DeskClient killed = await desk.OpenAsync();
        await killed.SendAsync(new Acquire("demo"));
        FakeRun run = await desk.Runner.NextAsync(TimesUp);
        run.Stopping.UnsafeRegister(_ => throw new InvalidOperationException("The compiler cannot be killed."), null);
        await using DeskClient next = await desk.OpenAsync(pid: 101);

        await killed.DisposeAsync();
        await UntilAsync(() => run.Stopping.IsCancellationRequested);
        await next.SendAsync(new Acquire("demo"));
        run.End.SetResult();

        (await desk.Runner.NextAsync(TimesUp)).BecomeReady();
        await next.NextAsync<Ready>();
    }

    [Fact(Timeout = Limit)]
    public async Task The_server_stops_when_the_grace_after_the_last_lease_is_over()
    {
        await using var desk = new Desk();
        (DeskClient client, FakeRun run) = await desk.OpenReadyAsync();

        desk.Time.Advance(Desk.Grace * 3);
        await client.DisposeAsync();
        await desk.UntilLeasesAsync(0);
        desk.Time.Advance(AlmostGrace);
        await desk.UntilLeasesAsync(0);
        run.Stopping.IsCancellationRequested.ShouldBeFalse();
        desk.Time.Advance(TimeSpan.FromSeconds(1));

        await UntilAsync(() => run.Stopping.IsCancellationRequested);
        desk.Ended.IsCompleted.ShouldBeFalse();
        run.End.SetResult();
        await desk.Ended.WaitAsync(TimesUp);
    }

    [Fact(Timeout = Limit)]
    public async Task A_lease_that_arrives_within_the_grace_wins()
    {
        await using var desk = new Desk();
        (DeskClient client, FakeRun run) = await desk.OpenReadyAsync();
        await client.DisposeAsync();
        await desk.UntilLeasesAsync(0);
        desk.Time.Advance(AlmostGrace);

        await using DeskClient next = await desk.OpenAsync();
        await next.SendAsync(new Acquire("demo"));
        await next.NextAsync<Ready>();
        desk.Time.Advance(Desk.Grace * 2);

        (await next.StatusAsync()).Phase.ShouldBe(SetupPhase.Ready);
        run.Stopping.IsCancellationRequested.ShouldBeFalse();
    }

    [Fact(Timeout = Limit)]
    public async Task A_client_that_was_welcomed_in_the_last_moment_still_gets_its_lease()
    {
        await using var desk = new Desk();
        await using DeskClient client = await desk.OpenAsync();
        desk.Time.Advance(Desk.Grace);

        await client.SendAsync(new Acquire("demo"));

        (await desk.Runner.NextAsync(TimesUp)).BecomeReady();
        await client.NextAsync<Ready>();
    }

    [Fact(Timeout = Limit)]
    public async Task A_client_that_was_welcomed_while_the_server_drains_still_gets_its_lease()
    {
        await using var desk = new Desk();
        FakeRun run = await desk.DrainAsync();

        await using DeskClient next = await desk.OpenAsync();
        run.End.SetResult();
        await desk.UntilAsync(status => status.Model is null);
        await next.SendAsync(new Acquire("demo"));

        (await desk.Runner.NextAsync(TimesUp)).BecomeReady();
        await next.NextAsync<Ready>();
    }

    [Fact(Timeout = Limit)]
    public async Task A_client_that_never_says_what_it_wants_delays_the_end_by_seconds_only()
    {
        await using var desk = new Desk();
        await using DeskClient client = await desk.OpenAsync();
        desk.Time.Advance(Desk.Grace);
        await desk.UntilLeasesAsync(0);
        desk.Ended.IsCompleted.ShouldBeFalse();

        desk.Time.Advance(TimeSpan.FromSeconds(5));

        await desk.Ended.WaitAsync(TimesUp);
    }

    [Fact(Timeout = Limit)]
    public async Task A_lease_that_arrives_while_the_server_drains_gets_the_next_server()
    {
        await using var desk = new Desk();
        FakeRun run = await desk.DrainAsync();

        await using DeskClient next = await desk.OpenAsync();
        await next.SendAsync(new Acquire("demo"));
        (await next.NextAsync<Progress>()).Phase.ShouldBe(SetupPhase.Waiting);
        run.End.SetResult();
        (await desk.Runner.NextAsync(TimesUp)).BecomeReady();

        await next.NextAsync<Ready>();
        desk.Ended.IsCompleted.ShouldBeFalse();
    }

    [Fact(Timeout = Limit)]
    public async Task A_lingering_lease_keeps_the_server_beyond_the_grace_and_then_the_grace_begins()
    {
        await using var desk = new Desk();
        (DeskClient client, FakeRun run) = await desk.OpenReadyAsync();
        await client.SendAsync(new Linger(300));
        await client.StatusAsync();

        await client.DisposeAsync();
        await using DeskClient observer = await desk.OpenAsync("observer", 1);
        await observer.StatusAsync();
        desk.Time.Advance(TimeSpan.FromSeconds(299));
        (await observer.StatusAsync()).Leases.Count.ShouldBe(1);
        run.Stopping.IsCancellationRequested.ShouldBeFalse();

        // The watchdog may have heard of the end of the connection only after the clock was moved.
        while ((await observer.StatusAsync()).Leases.Count > 0)
            desk.Time.Advance(TimeSpan.FromSeconds(1));
        desk.Time.Advance(Desk.Grace);
        await UntilAsync(() => run.Stopping.IsCancellationRequested);
    }

    [Fact(Timeout = Limit)]
    public async Task A_process_that_returns_takes_its_lingering_lease_over_and_may_switch()
    {
        await using var desk = new Desk();
        (DeskClient client, FakeRun run) = await desk.OpenReadyAsync("demo", pid: 55);
        await client.SendAsync(new Linger(600));
        await client.StatusAsync();
        await client.DisposeAsync();

        await using DeskClient back = await desk.OpenAsync(pid: 55);
        await back.SendAsync(new Acquire("deepseek-v4-flash"));

        (await back.NextAsync<Progress>()).Phase.ShouldBe(SetupPhase.Waiting);
        run.Stopping.IsCancellationRequested.ShouldBeTrue();
        (await back.StatusAsync()).Leases.Count.ShouldBe(1);
    }

    [Theory(Timeout = Limit)]
    [InlineData(-1)]
    [InlineData(601)]
    public async Task A_linger_out_of_range_is_refused_and_the_lease_stays(int seconds)
    {
        await using var desk = new Desk();
        (DeskClient client, _) = await desk.OpenReadyAsync();

        await client.SendAsync(new Linger(seconds));

        (await client.NextAsync<Failed>()).Message.ShouldContain("600");
        (await client.StatusAsync()).Leases.Count.ShouldBe(1);
        await client.DisposeAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task Stop_tells_every_client_and_ends_when_the_server_is_gone()
    {
        await using var desk = new Desk();
        (DeskClient client, FakeRun run) = await desk.OpenReadyAsync();
        await using DeskClient person = await desk.OpenAsync("ds4 stop", 9);

        await person.SendAsync(new Stop());

        (await client.NextAsync<Stopping>()).Reason.ShouldContain("ds4 stop (process 9)");
        run.Stopping.IsCancellationRequested.ShouldBeTrue();
        await using DeskClient late = new(await desk.ConnectAsync());
        await late.SendAsync(new Hello(WatchdogProtocol.Version, "late", 10));
        (await late.NextAsync()).ShouldBeNull("an ending watchdog welcomes nobody, so that the client starts the next one");
        await client.SendAsync(new Acquire("demo"));
        (await client.NextAsync<Failed>()).Reason.ShouldBe(FailureReason.Stopping);
        run.End.SetResult();
        await desk.Ended.WaitAsync(TimesUp);
    }
}

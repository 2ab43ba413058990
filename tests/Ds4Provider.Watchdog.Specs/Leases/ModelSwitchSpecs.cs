using Ds4Provider.Wire.Watchdog;
using static Ds4Provider.Watchdog.Specs.SpecContext;

namespace Ds4Provider.Watchdog.Specs.Leases;

/// <summary>One model runs at a time: who wants another one while the first is in use.</summary>
public sealed class ModelSwitchSpecs
{
    [Fact(Timeout = Limit)]
    public async Task Who_wants_another_model_hears_for_whom_to_wait_and_gets_it_when_they_are_done()
    {
        await using var desk = new Desk();
        (DeskClient user, FakeRun old, DeskClient other, Progress waiting) = await WaitAsync(desk);
        await using DeskClient waiter = other;

        waiting.Phase.ShouldBe(SetupPhase.Waiting);
        waiting.Message.ShouldContain("demo is in use by agent (process 77)");
        Status status = await other.StatusAsync();
        status.Leases.ShouldHaveSingleItem().Pid.ShouldBe(77, "who waits holds nothing");
        status.Waiting.ShouldBe([new LeaseStatus("other", 78, "deepseek-v4-flash")]);
        old.Stopping.IsCancellationRequested.ShouldBeFalse("nothing is taken from who uses it");

        await user.DisposeAsync();
        await UntilAsync(() => old.Stopping.IsCancellationRequested);
        old.End.SetResult();
        FakeRun next = await desk.Runner.NextAsync(TimesUp);
        next.BecomeReady();
        (await other.NextAsync<Ready>()).Model.ShouldBe("deepseek-v4-flash");
    }

    [Fact(Timeout = Limit)]
    public async Task Those_who_are_waited_for_are_told()
    {
        await using var desk = new Desk();
        (DeskClient user, _, DeskClient other, _) = await WaitAsync(desk);
        await using DeskClient waiter = other;

        (await user.NextAsync<Notice>()).Message.ShouldBe("other (process 78) waits for deepseek-v4-flash, which starts when nobody uses demo any more.");
        await user.DisposeAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task Who_stops_waiting_is_forgotten()
    {
        await using var desk = new Desk();
        (DeskClient user, FakeRun run, DeskClient other, _) = await WaitAsync(desk);
        await other.DisposeAsync();
        await desk.UntilAsync(status => status.Waiting.Count == 0);

        await user.SendAsync(new Acquire("demo"));
        await user.NextAsync<Notice>();
        await user.NextAsync<Ready>();
        await user.DisposeAsync();
        await desk.UntilLeasesAsync(0);

        run.Stopping.IsCancellationRequested.ShouldBeFalse("nobody wants another model: the grace runs");
    }

    [Fact(Timeout = Limit)]
    public async Task Who_waits_may_return_to_the_model_that_runs()
    {
        await using var desk = new Desk();
        (DeskClient user, _, DeskClient other, _) = await WaitAsync(desk);
        await using DeskClient waiter = other;

        await other.SendAsync(new Acquire("demo"));

        (await other.NextAsync<Ready>()).Model.ShouldBe("demo");
        await user.DisposeAsync();
        await desk.UntilLeasesAsync(1);
        (await other.StatusAsync()).Leases.ShouldHaveSingleItem().Model.ShouldBe("demo");
    }

    [Fact(Timeout = Limit)]
    public async Task Two_that_share_a_model_and_both_want_another_do_not_wait_for_each_other()
    {
        await using var desk = new Desk();
        (DeskClient one, FakeRun old) = await desk.OpenReadyAsync("demo", pid: 1);
        await using DeskClient two = await desk.OpenAsync("agent", 2);
        await two.SendAsync(new Acquire("demo"));
        await two.NextAsync<Ready>();

        await one.SendAsync(new Acquire("deepseek-v4-flash"));
        await one.NextAsync<Progress>();
        await two.SendAsync(new Acquire("deepseek-v4-flash"));

        await UntilAsync(() => old.Stopping.IsCancellationRequested);
        old.End.SetResult();
        (await desk.Runner.NextAsync(TimesUp)).BecomeReady();
        await one.NextAsync<Ready>();
        await two.NextAsync<Notice>();
        await two.NextAsync<Ready>();
        await one.DisposeAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task A_model_that_fails_for_others_gives_way()
    {
        await using var desk = new Desk();
        await using DeskClient first = await desk.OpenAsync();
        await first.SendAsync(new Acquire("deepseek-v4-flash"));
        FakeRun failing = await desk.Runner.NextAsync(TimesUp);
        await using DeskClient other = await desk.OpenAsync("other", 78);
        await other.SendAsync(new Acquire("demo"));
        await other.NextAsync<Progress>();

        failing.End.SetException(new SetupException(FailureReason.NotEnoughMemory, "Too small.", "Use ds4/demo."));

        (await desk.Runner.NextAsync(TimesUp)).BecomeReady();
        (await other.NextAsync<Ready>()).Model.ShouldBe("demo");
    }

    /// <summary>A user of the demo that answers, and another client that waits for Flash and was told so.</summary>
    private static async Task<(DeskClient User, FakeRun Run, DeskClient Other, Progress Told)> WaitAsync(Desk desk)
    {
        (DeskClient user, FakeRun run) = await desk.OpenReadyAsync("demo", pid: 77);
        DeskClient other = await desk.OpenAsync("other", 78);
        await other.SendAsync(new Acquire("deepseek-v4-flash"));
        return (user, run, other, await other.NextAsync<Progress>());
    }
}

using Ds4Provider.Wire.Server;
using Ds4Provider.Wire.Watchdog;
using static Ds4Provider.Watchdog.Specs.SpecContext;

namespace Ds4Provider.Watchdog.Specs.Leases;

public sealed class WakefulnessSpecs
{
    [Fact(Timeout = Limit)]
    public async Task The_machine_is_kept_awake_while_a_model_is_set_up_and_while_it_works_and_not_otherwise()
    {
        await using var desk = new Desk();
        await using DeskClient client = await desk.OpenAsync();
        desk.WakeLock.IsHeld.ShouldBeFalse();
        await client.SendAsync(new Acquire("demo"));
        FakeRun run = await desk.Runner.NextAsync(TimesUp);
        desk.WakeLock.IsHeld.ShouldBeTrue("it is set up");

        run.BecomeReady();
        await client.NextAsync<Ready>();
        desk.WakeLock.IsHeld.ShouldBeFalse("it waits for work");

        run.Observer.Worked(new ServerWork(1, 0, 0));
        await client.StatusAsync();
        desk.WakeLock.IsHeld.ShouldBeTrue("it works");

        run.Observer.Worked(new ServerWork(0, 10, 10));
        await client.StatusAsync();
        desk.WakeLock.IsHeld.ShouldBeFalse("it has worked");
    }

    [Fact(Timeout = Limit)]
    public async Task A_setup_that_fails_lets_the_machine_sleep()
    {
        await using var desk = new Desk();
        await using DeskClient client = await desk.OpenAsync();
        await client.SendAsync(new Acquire("demo"));
        FakeRun run = await desk.Runner.NextAsync(TimesUp);

        run.End.SetException(new SetupException(FailureReason.BuildFailed, "no", "no"));

        await client.NextAsync<Failed>();
        desk.WakeLock.IsHeld.ShouldBeFalse();
    }
}

using Ds4Provider.Watchdog.Specs.Leases;
using Ds4Provider.Watchdog.Supervision;
using Ds4Provider.Wire.Watchdog;
using Microsoft.Extensions.Logging.Abstractions;
using static Ds4Provider.Watchdog.Specs.SpecContext;

namespace Ds4Provider.Watchdog.Specs.Supervision;

public sealed class StrainWatchSpecs
{
    private const long GB = 1_000_000_000;
    private readonly FakeMachine _machine = new();
    private readonly StrainWatch _watch;

    public StrainWatchSpecs() => _watch = new StrainWatch(_machine, NullLogger<StrainWatch>.Instance);

    [Fact]
    public void A_disk_that_fills_is_told_once_and_again_only_after_it_had_room()
    {
        _watch.Look().ShouldBeEmpty();
        _machine.FreeDisk = GB;
        _watch.Look().ShouldHaveSingleItem().ShouldContain("only 1.0 GB left");
        _watch.Look().ShouldBeEmpty();
        _machine.FreeDisk = 3 * GB;
        _watch.Look().ShouldBeEmpty();
        _machine.FreeDisk = GB;
        _watch.Look().ShouldBeEmpty("it never had much room");

        _machine.FreeDisk = 50 * GB;
        _watch.Look().ShouldBeEmpty();
        _machine.FreeDisk = GB;
        _watch.Look().ShouldHaveSingleItem();
    }

    [Fact]
    public void Memory_that_is_short_is_told_once_and_again_only_after_minutes_without()
    {
        _machine.IsMemoryShort = true;
        _watch.Look().ShouldHaveSingleItem().ShouldContain("Memory is short");
        _watch.Look().ShouldBeEmpty();
        Look(calm: 9);
        _watch.Look().ShouldBeEmpty();

        Look(calm: 10);
        _watch.Look().ShouldHaveSingleItem();
    }

    [Fact]
    public void A_disk_that_does_not_answer_is_no_news()
    {
        _machine.FreeDisk = -1;
        _watch.Look().ShouldBeEmpty();
    }

    [Fact(Timeout = Limit)]
    public async Task Who_uses_a_model_is_told_while_it_runs()
    {
        await using var desk = new Desk();
        (DeskClient client, _) = await desk.OpenReadyAsync();
        desk.Time.Advance(StrainWatch.Interval);
        await client.StatusAsync();

        desk.Machine.FreeDisk = GB;
        Task<Notice> notice = client.NextAsync<Notice>();
        while (!notice.IsCompleted)
        {
            // The next look is planned only when the one before is done.
            desk.Time.Advance(StrainWatch.Interval);
            await Task.Delay(10, TimesUp);
        }

        (await notice).Message.ShouldContain("only 1.0 GB left");
        await client.DisposeAsync();
    }

    private void Look(int calm)
    {
        _machine.IsMemoryShort = false;
        for (int look = 0; look < calm; look++)
            _watch.Look().ShouldBeEmpty();
        _machine.IsMemoryShort = true;
    }
}

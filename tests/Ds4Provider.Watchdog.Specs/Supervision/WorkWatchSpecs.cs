using Ds4Provider.Watchdog.Supervision;
using Ds4Provider.Wire.Server;
using Microsoft.Extensions.Time.Testing;

namespace Ds4Provider.Watchdog.Specs.Supervision;

public sealed class WorkWatchSpecs
{
    private static readonly SupervisionLimits Limits = new();
    private readonly FakeTimeProvider _time = new();
    private readonly WorkWatch _watch;

    public WorkWatchSpecs() => _watch = new WorkWatch(Limits, _time);

    [Fact]
    public void An_idle_server_may_be_silent_for_ever()
    {
        _watch.Observe(new ServerReady("demo", 1));

        _watch.Patience.ShouldBe(Timeout.InfiniteTimeSpan);
    }

    [Fact]
    public void A_busy_server_is_stuck_when_no_token_came_for_a_minute_however_often_it_beats()
    {
        _watch.Observe(new ServerReady("demo", 1));
        for (int second = 0; second < 60; second++)
        {
            _watch.Observe(new ServerWork(1, 500, 20));
            _watch.Patience.ShouldBeGreaterThan(TimeSpan.Zero);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        _watch.Patience.ShouldBe(TimeSpan.Zero);
        _watch.Diagnosis.ShouldContain("without a token");
    }

    [Fact]
    public void Every_token_renews_the_patience()
    {
        _watch.Observe(new ServerReady("demo", 1));
        for (int i = 1; i < 100; i++)
        {
            _watch.Observe(new ServerWork(1, i, 0));
            _watch.Patience.ShouldBe(Limits.Stuck);
            _time.Advance(TimeSpan.FromSeconds(59));
        }
    }

    [Fact]
    public void A_request_after_a_long_rest_has_the_whole_patience()
    {
        _watch.Observe(new ServerReady("demo", 1));
        _watch.Observe(new ServerWork(1, 100, 10));
        _watch.Observe(new ServerWork(0, 100, 10));
        _time.Advance(TimeSpan.FromHours(9));

        _watch.Observe(new ServerWork(1, 100, 10));

        _watch.Patience.ShouldBe(Limits.Stuck);
    }

    [Fact]
    public void Loading_may_take_long_as_long_as_it_tells()
    {
        for (int i = 0; i < 10; i++)
        {
            _time.Advance(Limits.Loading - TimeSpan.FromSeconds(1));
            _watch.Patience.ShouldBe(TimeSpan.FromSeconds(1));
            _watch.Observe(new ServerLoading("still mapping"));
        }
        _time.Advance(Limits.Loading);

        _watch.Patience.ShouldBe(TimeSpan.Zero);
        _watch.Diagnosis.ShouldContain("while loading");
    }
}

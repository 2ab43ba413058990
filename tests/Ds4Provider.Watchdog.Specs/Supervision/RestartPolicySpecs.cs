using Ds4Provider.Watchdog.Supervision;
using Microsoft.Extensions.Time.Testing;

namespace Ds4Provider.Watchdog.Specs.Supervision;

public sealed class RestartPolicySpecs
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Delays_double_and_the_fifth_failure_within_a_minute_is_the_last()
    {
        var policy = new RestartPolicy(_time);

        double?[] delays = [.. Enumerable.Range(0, 5).Select(_ => Fail(policy))];

        delays.ShouldBe([0.25, 0.5, 1, 2, null]);
    }

    [Fact]
    public void A_server_that_fails_now_and_then_is_always_started_again_at_once()
    {
        var policy = new RestartPolicy(_time);
        for (int i = 0; i < 20; i++)
        {
            policy.Succeeded();
            Fail(policy).ShouldBe(0.25);
            _time.Advance(TimeSpan.FromSeconds(61));
        }
    }

    [Fact]
    public void A_server_that_never_becomes_ready_is_given_up_however_slowly_it_fails()
    {
        var policy = new RestartPolicy(_time);
        for (int i = 0; i < 4; i++)
        {
            Fail(policy).ShouldNotBeNull();
            _time.Advance(TimeSpan.FromMinutes(10));
        }

        Fail(policy).ShouldBeNull();
    }

    private static double? Fail(RestartPolicy policy) => policy.Failed()?.TotalSeconds;
}

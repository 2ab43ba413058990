using Ds4Provider.Watchdog.Supervision;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using static Ds4Provider.Watchdog.Specs.SpecContext;

namespace Ds4Provider.Watchdog.Specs.Supervision;

/// <summary>The inhibitor is played by a script that says when it begins and when its command has ended.</summary>
public sealed class WakeLockSpecs : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new();

    private string Log => _folder["log"];

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = Limit)]
    public async Task One_inhibitor_runs_while_there_is_work_and_ends_a_little_later()
    {
        WakeLock wakeLock = Create();
        wakeLock.Hold();
        wakeLock.Hold();
        await UntilAsync("held\n");

        wakeLock.Release();
        _time.Advance(TimeSpan.FromSeconds(19));
        wakeLock.Hold();
        wakeLock.Release();
        _time.Advance(TimeSpan.FromSeconds(19));
        File.ReadAllText(Log).ShouldBe("held\n", "work came again in time");

        _time.Advance(TimeSpan.FromSeconds(2));
        await UntilAsync("held\nended\n");
        wakeLock.Hold();
        await UntilAsync("held\nended\nheld\n");

        wakeLock.Dispose();
        await UntilAsync("held\nended\nheld\nended\n");
    }

    [Fact(Timeout = Limit)]
    public async Task It_ends_with_whoever_holds_it()
    {
        WakeLock wakeLock = Create();
        wakeLock.Hold();
        await UntilAsync("held\n");

        wakeLock.Dispose();

        await UntilAsync("held\nended\n");
    }

    [Fact(Timeout = Limit)]
    public async Task A_system_without_an_inhibitor_or_with_one_that_refuses_is_left_alone()
    {
        using var missing = new WakeLock(new LaunchCommand(_folder["nothing"]), _time, NullLogger<WakeLock>.Instance);
        missing.Hold();
        missing.Release();
        missing.Hold();

        string refuses = _folder.WriteScript("refuses", $"echo tried >> {Log}; exit 1");
        using var refused = new WakeLock(new LaunchCommand(refuses), _time, NullLogger<WakeLock>.Instance);
        refused.Hold();
        await UntilAsync("tried\n");
        await Task.Delay(50, TimesUp);
        refused.Hold();
        refused.Hold();
        File.ReadAllText(Log).ShouldBe("tried\n");
    }

    private WakeLock Create()
    {
        string inhibitor = _folder.WriteScript("inhibit", $"echo held >> {Log}; \"$@\"; echo ended >> {Log}");
        return new WakeLock(new LaunchCommand(inhibitor, "cat"), _time, NullLogger<WakeLock>.Instance);
    }

    private async Task UntilAsync(string text)
    {
        while (!File.Exists(Log) || await File.ReadAllTextAsync(Log, TimesUp) != text)
            await Task.Delay(5, TimesUp);
    }
}

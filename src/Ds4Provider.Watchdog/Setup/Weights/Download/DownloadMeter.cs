using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Watchdog.Setup.Weights.Download;

/// <summary>Turns bytes and time into what people want to know: how fast, how long still, and what holds it up.</summary>
internal sealed class DownloadMeter(string name, TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(15);
    private readonly Queue<(long Timestamp, long Bytes)> _samples = new();
    private volatile Trouble? _trouble;

    /// <summary>Remembers trouble until bytes arrive again.</summary>
    public void Waiting(string reason, TimeSpan wait) => _trouble = new Trouble(reason, time.GetTimestamp(), wait);

    /// <summary>The state of fetching.</summary>
    /// <param name="arrived">Bytes that are there.</param>
    /// <param name="size">Bytes of the file.</param>
    public Progress Fetching(long arrived, long size)
    {
        double? rate = Rate(arrived);
        return new Progress(SetupPhase.Downloading, Describe(rate))
        {
            Done = arrived,
            Total = size,
            Unit = "bytes",
            Rate = rate,
            Remaining = rate > 0 ? (size - arrived) / rate : null,
        };
    }

    /// <summary>The state of checking what has arrived.</summary>
    /// <param name="name">Name of the variant.</param>
    /// <param name="hashed">Bytes that were checked.</param>
    /// <param name="size">Bytes of the file.</param>
    public static Progress Checking(string name, long hashed, long size) => new(SetupPhase.Verifying, $"Checking the {name} weights")
    {
        Done = hashed,
        Total = size,
        Unit = "bytes",
    };

    private string Describe(double? rate)
    {
        if (_trouble is not { } trouble || rate > 0)
            return $"Fetching the {name} weights";
        double left = (trouble.Wait - time.GetElapsedTime(trouble.Since)).TotalSeconds;
        return $"{trouble.Reason}; trying again in {Math.Max(0, Math.Ceiling(left)):0} s";
    }

    private double? Rate(long arrived)
    {
        long now = time.GetTimestamp();
        _samples.Enqueue((now, arrived));
        while (_samples.Count > 2 && time.GetElapsedTime(_samples.Peek().Timestamp, now) > Window)
            _samples.Dequeue();
        (long since, long before) = _samples.Peek();
        double seconds = time.GetElapsedTime(since, now).TotalSeconds;
        return seconds > 0 ? Math.Max(0, arrived - before) / seconds : null;
    }

    private sealed record Trouble(string Reason, long Since, TimeSpan Wait);
}

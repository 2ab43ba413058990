namespace Ds4Provider.Watchdog.Supervision;

/// <summary>
/// When a server that ended is started again: after 0.25 s, doubling up to 10 s. Not any more after five ends within a
/// minute, or five in a row without becoming ready, however slowly they came.
/// </summary>
internal sealed class RestartPolicy(TimeProvider time)
{
    private const int MaximumFailures = 5;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(0.25);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(10);

    private readonly Queue<long> _recent = new();
    private int _inARow;

    /// <summary>The server became ready.</summary>
    public void Succeeded() => _inARow = 0;

    /// <summary>The server ended. Returns how long to wait before the next start, or <see langword="null"/> to give up.</summary>
    public TimeSpan? Failed()
    {
        _inARow++;
        _recent.Enqueue(time.GetTimestamp());
        while (time.GetElapsedTime(_recent.Peek()) > Window)
            _recent.Dequeue();
        int failures = Math.Max(_inARow, _recent.Count);
        if (failures >= MaximumFailures)
            return null;
        TimeSpan delay = FirstDelay * Math.Pow(2, failures - 1);
        return delay < LongestDelay ? delay : LongestDelay;
    }
}

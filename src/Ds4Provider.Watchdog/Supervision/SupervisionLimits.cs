namespace Ds4Provider.Watchdog.Supervision;

/// <summary>How long the watchdog is patient with its server. All times are monotonic: a sleeping machine does not age.</summary>
public sealed record SupervisionLimits
{
    /// <summary>A server that works without any counter moving for this long is stuck.</summary>
    public TimeSpan Stuck { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A server that loads without a word for this long is stuck; every loading event starts it anew.</summary>
    public TimeSpan Loading { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Time to finish running requests and to save, after the life line was cut.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Time between SIGTERM and SIGKILL.</summary>
    public TimeSpan Terminate { get; init; } = TimeSpan.FromSeconds(5);
}

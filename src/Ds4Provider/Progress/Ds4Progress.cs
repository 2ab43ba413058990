namespace Ds4Provider;

/// <summary>One step on the way to an answer.</summary>
/// <param name="Phase">What is being done.</param>
/// <param name="Message">A short sentence for people.</param>
public sealed record Ds4Progress(Ds4Phase Phase, string Message)
{
    /// <summary>Units finished, when countable.</summary>
    public long? Done { get; init; }

    /// <summary>Units in all, when known.</summary>
    public long? Total { get; init; }

    /// <summary>What is counted: <c>bytes</c>, <c>tokens</c>, <c>files</c>.</summary>
    public string? Unit { get; init; }

    /// <summary>Units per second, when known.</summary>
    public double? PerSecond { get; init; }

    /// <summary>Estimated time left in this phase, when known.</summary>
    public TimeSpan? Remaining { get; init; }

    /// <summary>The finished part, 0 to 1, when both counts are known.</summary>
    public double? Fraction => Done is { } done && Total is > 0 and var total ? Math.Clamp((double)done / total, 0, 1) : null;
}

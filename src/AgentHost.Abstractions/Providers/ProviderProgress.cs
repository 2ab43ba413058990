namespace AgentHost;

/// <summary>A step on the way to an answer.</summary>
/// <param name="Phase">What is being done.</param>
/// <param name="Message">A short sentence for people.</param>
public sealed record ProviderProgress(ProgressPhase Phase, string Message)
{
    /// <summary>Units finished, when countable.</summary>
    public long? Done { get; init; }

    /// <summary>Units in all, when known.</summary>
    public long? Total { get; init; }

    /// <summary>What is counted.</summary>
    public ProgressUnit Unit { get; init; }

    /// <summary>Units per second, when known.</summary>
    public double? PerSecond { get; init; }

    /// <summary>Estimated time left in this phase, when known.</summary>
    public TimeSpan? Remaining { get; init; }

    /// <summary>The finished part, 0 to 1, when both counts are known.</summary>
    public double? Fraction => Done is { } done && Total is > 0 and var total ? Math.Clamp((double)done / total, 0, 1) : null;
}

/// <summary>What a provider is doing.</summary>
public enum ProgressPhase
{
    /// <summary>Waiting for somebody else's work.</summary>
    Waiting,

    /// <summary>Building the engine.</summary>
    Building,

    /// <summary>Checking the machine and choosing what fits it.</summary>
    Choosing,

    /// <summary>Fetching weights.</summary>
    Downloading,

    /// <summary>Checking what was built or fetched.</summary>
    Verifying,

    /// <summary>Loading weights, starting the server.</summary>
    Loading,

    /// <summary>Starting the server again after it ended unexpectedly.</summary>
    Restarting,

    /// <summary>Waiting behind other requests.</summary>
    Queued,

    /// <summary>Reading the prompt.</summary>
    Prefilling,

    /// <summary>The model answers.</summary>
    Ready,

    /// <summary>Stopping.</summary>
    Stopping,

    /// <summary>Writing the reply; told while nothing of it comes, so that a host knows that it still does.</summary>
    Generating,
}

/// <summary>What a progress counts.</summary>
public enum ProgressUnit
{
    /// <summary>Nothing, or steps without a name.</summary>
    None,

    /// <summary>Bytes.</summary>
    Bytes,

    /// <summary>Tokens.</summary>
    Tokens,

    /// <summary>Files.</summary>
    Files,
}

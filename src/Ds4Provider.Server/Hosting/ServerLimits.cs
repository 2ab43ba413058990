namespace Ds4Provider.Server.Hosting;

/// <summary>Bounds and intervals of a server; the defaults are those of the product.</summary>
public sealed record ServerLimits
{
    /// <summary>Largest request body, in bytes.</summary>
    public int BodyBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>Deepest nesting of a request's JSON.</summary>
    public int JsonDepth { get; init; } = 128;

    /// <summary>Requests that may wait behind the running one; one more is answered with 429.</summary>
    public int QueuedRequests { get; init; } = 64;

    /// <summary>Longest silence of a stream. Clients give up after 300 s at the earliest; proxies earlier.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Shortest time between two progress events of a stream that asked for them.</summary>
    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Time between two heartbeats of work to the watchdog.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a running request may go on after the server was asked to stop.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Replies whose sampled tokens are kept for the client that sends them back.</summary>
    public int SampledTurns { get; init; } = 8192;

    /// <summary>Tokens of all kept replies together; four bytes each.</summary>
    public int SampledTokens { get; init; } = 8 * 1024 * 1024;
}

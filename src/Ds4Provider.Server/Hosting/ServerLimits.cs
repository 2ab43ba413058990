namespace Ds4Provider.Server.Hosting;

/// <summary>Bounds and intervals of a server; the defaults are those of the product.</summary>
public sealed record ServerLimits
{
    /// <summary>Largest request body, in bytes.</summary>
    public int BodyBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>Deepest nesting of a request's JSON.</summary>
    public int JsonDepth { get; init; } = 128;

    /// <summary>Longest string of a request's JSON, in bytes as sent; a whole conversation is many strings.</summary>
    public int StringBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>All headers of a request together, in bytes; more is answered with 431.</summary>
    public int HeaderBytes { get; init; } = 64 * 1024;

    /// <summary>Open connections of one listener; more are closed at once.</summary>
    public int Connections { get; init; } = 512;

    /// <summary>Requests that may run or wait beside the first; one more is answered with 429.</summary>
    public int QueuedRequests { get; init; } = 64;

    /// <summary>Replies generated at a time; 0 = as many as memory allows.</summary>
    public int Slots { get; init; }

    /// <summary>Bytes of all sessions and checkpoints together; 0 = as many as memory allows.</summary>
    public long StateBytes { get; init; }

    /// <summary>Longest silence of a stream. Clients give up after 300 s at the earliest; proxies earlier.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Longest silence of a stream that asked for progress and whose reply is not over, whoever has the engine: its program
    /// tells a person what happens, and a second is how long people believe that something does.
    /// </summary>
    public TimeSpan ProgressSilence { get; init; } = TimeSpan.FromSeconds(1);

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

namespace Ds4Provider.Watchdog.Setup.Weights.Download;

/// <summary>How weights are fetched, and how patiently.</summary>
internal sealed record DownloadLimits
{
    /// <summary>Ranges that are fetched at the same time, each over a connection of its own.</summary>
    public int Connections { get; init; } = 8;

    /// <summary>Bytes of the unit in which finished parts are remembered.</summary>
    public int ChunkBytes { get; init; } = 16 << 20;

    /// <summary>Most chunks that one request asks for.</summary>
    public int RunChunks { get; init; } = 4;

    /// <summary>How long a connection may be silent before it is given up.</summary>
    public TimeSpan Stall { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>First wait before another try; it doubles each time, with jitter.</summary>
    public TimeSpan FirstWait { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait that grew by doubling.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Longest wait that the origin may ask for.</summary>
    public TimeSpan LongestWish { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Tries to reach the origin before a download begins: somebody sits and waits for the answer.</summary>
    public int ResolveTries { get; init; } = 5;

    /// <summary>Tries in a row without a single byte before a begun download gives up: about half an hour.</summary>
    public int FetchTries { get; init; } = 35;

    /// <summary>How often finished parts are made safe on the disk and remembered.</summary>
    public TimeSpan SaveEvery { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Free disk space, in bytes, below which a download stops: a full disk breaks more than this program.</summary>
    public long DiskReserve { get; init; } = 1L << 30;

    /// <summary>How often progress is told.</summary>
    public TimeSpan ReportEvery { get; init; } = TimeSpan.FromMilliseconds(500);
}

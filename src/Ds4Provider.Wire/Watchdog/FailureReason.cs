namespace Ds4Provider.Wire.Watchdog;

/// <summary>Why a model cannot be served.</summary>
public enum FailureReason
{
    /// <summary>The request itself was wrong.</summary>
    BadRequest,

    /// <summary>Client and watchdog speak different protocol versions.</summary>
    VersionMismatch,

    /// <summary>No such model.</summary>
    UnknownModel,

    /// <summary>The machine's memory cannot hold the weights and a context.</summary>
    NotEnoughMemory,

    /// <summary>The state directory's disk cannot hold the weights.</summary>
    NotEnoughDisk,

    /// <summary>The weights are not on this machine.</summary>
    WeightsMissing,

    /// <summary>The weights must be fetched, and <see cref="Acquire.AskBeforeDownload"/> was set; carries the bytes needed.</summary>
    DownloadNeeded,

    /// <summary>The weights could not be fetched; what has arrived is kept.</summary>
    DownloadFailed,

    /// <summary>The weights are there but are not what they must be.</summary>
    WeightsInvalid,

    /// <summary>No compiler, or the engine did not compile.</summary>
    BuildFailed,

    /// <summary>The engine computed something else than it must.</summary>
    SelfTestFailed,

    /// <summary>The server did not become ready, or keeps ending.</summary>
    StartFailed,

    /// <summary>The TCP port is taken.</summary>
    PortInUse,

    /// <summary>The watchdog is being stopped.</summary>
    Stopping,
}

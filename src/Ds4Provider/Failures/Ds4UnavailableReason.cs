namespace Ds4Provider;

/// <summary>Why a model cannot be used now.</summary>
public enum Ds4UnavailableReason
{
    /// <summary>The request itself was wrong.</summary>
    BadRequest,

    /// <summary>The running watchdog has a version that this package cannot use.</summary>
    VersionMismatch,

    /// <summary>No such model.</summary>
    UnknownModel,

    /// <summary>The machine's memory cannot hold the weights and a context.</summary>
    NotEnoughMemory,

    /// <summary>The disk cannot hold the weights.</summary>
    NotEnoughDisk,

    /// <summary>The weights are not on this machine.</summary>
    WeightsMissing,

    /// <summary>The weights must be fetched first; only seen by whoever asked to be asked.</summary>
    DownloadNeeded,

    /// <summary>The person did not consent to the download.</summary>
    DownloadRefused,

    /// <summary>The weights could not be fetched; what has arrived is kept.</summary>
    DownloadFailed,

    /// <summary>The weights are there but are not what they must be.</summary>
    WeightsInvalid,

    /// <summary>No compiler, or the engine did not compile.</summary>
    BuildFailed,

    /// <summary>The engine computed something else than it must.</summary>
    SelfTestFailed,

    /// <summary>The watchdog or the server did not start, or keeps ending.</summary>
    StartFailed,

    /// <summary>The TCP port is taken.</summary>
    PortInUse,

    /// <summary>The watchdog is being stopped.</summary>
    Stopping,

    /// <summary>The server of <c>DS4_BASE_URL</c> does not answer.</summary>
    Unreachable,
}

namespace AgentHost;

/// <summary>A model cannot be used now. The message says what was found and where.</summary>
public class ProviderUnavailableException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="reason">The kind of obstacle.</param>
    /// <param name="message">What was found and where, in a sentence for people.</param>
    /// <param name="hint">What to do next, in a sentence for people.</param>
    /// <param name="logPath">A file that has more, when there is one.</param>
    /// <param name="innerException">The cause, when there is one.</param>
    public ProviderUnavailableException(
        ProviderUnavailableReason reason, string message, string? hint = null, string? logPath = null, Exception? innerException = null)
        : base(message, innerException)
    {
        Reason = reason;
        Hint = hint;
        LogPath = logPath;
    }

    /// <summary>The kind of obstacle.</summary>
    public ProviderUnavailableReason Reason { get; }

    /// <summary>What to do next, in a sentence for people.</summary>
    public string? Hint { get; }

    /// <summary>A file that has more.</summary>
    public string? LogPath { get; }
}

/// <summary>Why a model cannot be used.</summary>
public enum ProviderUnavailableReason
{
    /// <summary>None of the others.</summary>
    Other,

    /// <summary>The machine cannot hold the model.</summary>
    NotEnoughMemory,

    /// <summary>The disk cannot hold the weights.</summary>
    NotEnoughDisk,

    /// <summary>The machine lacks a processor that the model needs.</summary>
    UnsupportedHardware,

    /// <summary>The weights are not on this machine and cannot be fetched.</summary>
    WeightsMissing,

    /// <summary>The weights are damaged or are not what they must be.</summary>
    WeightsInvalid,

    /// <summary>The host did not consent to the download.</summary>
    DownloadRefused,

    /// <summary>The download failed; what was fetched is kept.</summary>
    DownloadFailed,

    /// <summary>The engine could not be built.</summary>
    BuildFailed,

    /// <summary>The engine computed something else than it must.</summary>
    SelfTestFailed,

    /// <summary>The server did not start, or keeps ending.</summary>
    StartFailed,

    /// <summary>The TCP port is taken.</summary>
    PortInUse,

    /// <summary>Somebody else uses another model.</summary>
    Busy,

    /// <summary>A running server or watchdog has a version that this package cannot use.</summary>
    VersionMismatch,

    /// <summary>The server is being stopped.</summary>
    Stopping,
}

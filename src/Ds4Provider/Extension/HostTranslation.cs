using AgentHost;

namespace Ds4Provider.Extension;

/// <summary>From the words of this library to those of the host contract.</summary>
internal static class HostTranslation
{
    public static ProviderProgress Translate(Ds4Progress progress) => new(Translate(progress.Phase), progress.Message)
    {
        Done = progress.Done,
        Total = progress.Total,
        Unit = progress.Unit switch
        {
            "bytes" => ProgressUnit.Bytes,
            "tokens" => ProgressUnit.Tokens,
            "files" => ProgressUnit.Files,
            _ => ProgressUnit.None,
        },
        PerSecond = progress.PerSecond,
        Remaining = progress.Remaining,
    };

    public static ProviderUnavailableException Translate(Ds4UnavailableException error) =>
        new(Translate(error.Reason), error.Problem, error.Hint, error.LogPath, error);

    public static ProgressPhase Translate(Ds4Phase phase) => phase switch
    {
        Ds4Phase.Waiting => ProgressPhase.Waiting,
        Ds4Phase.Building => ProgressPhase.Building,
        Ds4Phase.Choosing => ProgressPhase.Choosing,
        Ds4Phase.Downloading => ProgressPhase.Downloading,
        Ds4Phase.Verifying => ProgressPhase.Verifying,
        Ds4Phase.Loading => ProgressPhase.Loading,
        Ds4Phase.Ready => ProgressPhase.Ready,
        Ds4Phase.Restarting => ProgressPhase.Restarting,
        Ds4Phase.Stopping => ProgressPhase.Stopping,
        Ds4Phase.Queued => ProgressPhase.Queued,
        Ds4Phase.Prefilling => ProgressPhase.Prefilling,
        Ds4Phase.Generating => ProgressPhase.Generating,
        _ => throw new ArgumentOutOfRangeException(nameof(phase), phase, "Not a phase."),
    };

    public static ProviderUnavailableReason Translate(Ds4UnavailableReason reason) => reason switch
    {
        Ds4UnavailableReason.NotEnoughMemory => ProviderUnavailableReason.NotEnoughMemory,
        Ds4UnavailableReason.NotEnoughDisk => ProviderUnavailableReason.NotEnoughDisk,
        Ds4UnavailableReason.WeightsMissing => ProviderUnavailableReason.WeightsMissing,
        Ds4UnavailableReason.WeightsInvalid => ProviderUnavailableReason.WeightsInvalid,
        Ds4UnavailableReason.DownloadRefused => ProviderUnavailableReason.DownloadRefused,
        Ds4UnavailableReason.DownloadFailed => ProviderUnavailableReason.DownloadFailed,
        Ds4UnavailableReason.BuildFailed => ProviderUnavailableReason.BuildFailed,
        Ds4UnavailableReason.SelfTestFailed => ProviderUnavailableReason.SelfTestFailed,
        Ds4UnavailableReason.StartFailed => ProviderUnavailableReason.StartFailed,
        Ds4UnavailableReason.PortInUse => ProviderUnavailableReason.PortInUse,
        Ds4UnavailableReason.VersionMismatch => ProviderUnavailableReason.VersionMismatch,
        Ds4UnavailableReason.Stopping => ProviderUnavailableReason.Stopping,
        _ => ProviderUnavailableReason.Other,
    };
}

using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Watchdog.Setup.Weights.Download;

/// <summary>A disk that does not take what it is given; no other try helps.</summary>
internal static class DiskTrouble
{
    // ENOSPC and EDQUOT as Linux and macOS number them.
    private const int NoSpace = 28;
    private static int Quota => OperatingSystem.IsMacOS() ? 69 : 122;

    /// <summary>What the client is told of it.</summary>
    public static SetupException Of(IOException exception) =>
        (exception.HResult & 0xFFFF) is var code && (code == NoSpace || code == Quota || exception.Message.Contains("No space left", StringComparison.Ordinal))
            ? Full(exception.Message)
            : new SetupException(FailureReason.DownloadFailed, $"The weights cannot be written: {exception.Message}", "What has arrived is kept. Check the disk of the state directory.");

    public static SetupException Full(string found) => new(
        FailureReason.NotEnoughDisk, $"The disk of the state directory became full: {found}", "What has arrived is kept. Free some space and try again: the download goes on.");
}

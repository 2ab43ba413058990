using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Cli.Clients;

/// <summary>Nobody fetches 87 GB by accident: the person at the terminal says yes, or has said so on the command line.</summary>
/// <param name="isAllowed">Whether <c>--download</c> was given.</param>
internal sealed class DownloadQuestion(bool isAllowed)
{
    /// <summary>The request for a model, as far as it is allowed yet.</summary>
    public Acquire Acquire(string model) => new(model) { AskBeforeDownload = !isAllowed };

    /// <summary>Asks, when this is what the watchdog wants to know.</summary>
    /// <returns>Whether to ask the watchdog again, without its question.</returns>
    public static bool IsAgreed(Failed failed)
    {
        if (failed.Reason != FailureReason.DownloadNeeded)
            return false;
        if (Console.IsInputRedirected)
            return false;
        Console.Error.Write($"{failed.Message} Fetch them now? [y/N] ");
        return Console.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }

    /// <summary>What to tell who did not agree.</summary>
    public static Failed Explain(Failed failed) =>
        failed.Reason == FailureReason.DownloadNeeded ? failed with { Hint = "To agree, add --download." } : failed;
}

namespace Ds4Provider.Wire.Watchdog;

/// <summary>The watchdog cannot be started, or refuses.</summary>
public sealed class WatchdogUnavailableException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="reason">Machine-readable kind.</param>
    /// <param name="message">What was wrong and where.</param>
    /// <param name="hint">What to do next.</param>
    /// <param name="log">Path of the log that has more.</param>
    /// <param name="innerException">What caused it.</param>
    public WatchdogUnavailableException(
        FailureReason reason, string message, string hint, string? log = null, Exception? innerException = null)
        : base(Join(message, hint), innerException)
    {
        Failure = new Failed(reason, message, hint) { Log = log };
    }

    /// <summary>Creates the exception from the watchdog's own words.</summary>
    public WatchdogUnavailableException(Failed failure)
        : base(Join(failure.Message, failure.Hint)) => Failure = failure;

    /// <summary>The failure as the watchdog would have sent it.</summary>
    public Failed Failure { get; }

    // A quoted log has several lines; the hint stands on one of its own then.
    private static string Join(string message, string hint) =>
        message + (message.Contains('\n', StringComparison.Ordinal) ? "\n" : " ") + hint;
}

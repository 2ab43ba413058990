using Ds4Provider.Wire.Watchdog;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Lease;

/// <content>
/// What is told to the log; in one file, because the generator of these methods writes the parts of a class in an order of
/// chance, and the same sources shall always give the same bytes.
/// </content>
internal sealed partial class WatchdogLease
{
    [LoggerMessage(LogLevel.Information, "{Model} is ready, with a context of {ContextWindow} tokens")]
    private static partial void LogReady(ILogger logger, string model, int contextWindow);

    [LoggerMessage(LogLevel.Warning, "The watchdog refuses ({Reason}): {Message}")]
    private static partial void LogFailed(ILogger logger, FailureReason reason, string message);

    [LoggerMessage(LogLevel.Warning, "{Notice}")]
    private static partial void LogNotice(ILogger logger, string notice);

    [LoggerMessage(LogLevel.Information, "The watchdog is stopping: {Reason}")]
    private static partial void LogStopping(ILogger logger, string reason);

    [LoggerMessage(LogLevel.Warning, "The watchdog ended while {Model} was being prepared; connecting again")]
    private static partial void LogWatchdogGone(ILogger logger, string model);

    [LoggerMessage(LogLevel.Error, "The watchdog sent a line that is not of its protocol")]
    private static partial void LogGarbage(ILogger logger, Exception error);

    [LoggerMessage(LogLevel.Warning, "The watchdog sent an unexpected '{Type}'")]
    private static partial void LogUnexpected(ILogger logger, string type);

    [LoggerMessage(LogLevel.Information, "The watchdog was gone before it could be asked to wait")]
    private static partial void LogLingerLost(ILogger logger);

    [LoggerMessage(LogLevel.Warning, "A listener failed")]
    private static partial void LogListenerFailed(ILogger logger, Exception error);
}

using Ds4Provider.Wire.Watchdog;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Watchdog.Leases;

/// <content>
/// What is told to the log; in one file, because the generator of these methods writes the parts of a class in an order of
/// chance, and the same sources shall always give the same bytes.
/// </content>
internal sealed partial class Coordinator
{
    [LoggerMessage(LogLevel.Information, "{Client} ({Pid}) takes a lease on {Model}")]
    private static partial void LogLeaseTaken(ILogger logger, string client, int pid, string model);

    [LoggerMessage(LogLevel.Information, "{Client} ({Pid}) waits for {Model} until nobody uses another model")]
    private static partial void LogWaits(ILogger logger, string client, int pid, string model);

    [LoggerMessage(LogLevel.Information, "{Model} answers, server process {Pid}")]
    private static partial void LogReady(ILogger logger, string model, int pid);

    [LoggerMessage(LogLevel.Warning, "{Notice}")]
    private static partial void LogNotice(ILogger logger, string notice);

    [LoggerMessage(LogLevel.Information, "{Model} is being stopped")]
    private static partial void LogStopping(ILogger logger, string model);

    [LoggerMessage(LogLevel.Error, "A step of {Model} could not be stopped")]
    private static partial void LogStopBroke(ILogger logger, Exception exception, string model);

    [LoggerMessage(LogLevel.Information, "The setup of {Model} was cancelled: nobody waits for it")]
    private static partial void LogSetupCancelled(ILogger logger, string model);

    [LoggerMessage(LogLevel.Error, "The setup failed ({Reason}): {Message}")]
    private static partial void LogFailed(ILogger logger, FailureReason reason, string message);

    [LoggerMessage(LogLevel.Error, "The run of {Model} ended with an unexpected error")]
    private static partial void LogRunBroke(ILogger logger, Exception exception, string model);

    [LoggerMessage(LogLevel.Information, "The lease of {Client} ({Pid}) ends; it lingers {Linger}")]
    private static partial void LogLeaseEnded(ILogger logger, string client, int pid, TimeSpan linger);

    [LoggerMessage(LogLevel.Information, "The watchdog stops: {Reason}")]
    private static partial void LogEnding(ILogger logger, string reason);
}

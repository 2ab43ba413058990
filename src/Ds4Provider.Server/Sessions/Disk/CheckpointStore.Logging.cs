using Microsoft.Extensions.Logging;

namespace Ds4Provider.Server.Sessions.Disk;

/// <content>
/// What is told to the log; in one file, because the generator of these methods writes the parts of a class in an order of
/// chance, and the same sources shall always give the same bytes.
/// </content>
internal sealed partial class CheckpointStore
{
    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} states of conversations on the disk, {MiB} MiB")]
    private partial void LogOpened(int count, long miB);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Not all states could be written to the disk in time")]
    private partial void LogUnfinished();

    [LoggerMessage(Level = LogLevel.Debug, Message = "The state after {Tokens} tokens is on the disk: {KiB} KiB in {Taken}")]
    private partial void LogWritten(int tokens, long kiB, TimeSpan taken);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The state after {Tokens} tokens could not be written to the disk")]
    private partial void LogNotWritten(Exception exception, int tokens);

    [LoggerMessage(Level = LogLevel.Information, Message = "There is no room on the disk for the state after {Tokens} tokens")]
    private partial void LogNoRoom(int tokens);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The state of {Tokens} tokens cannot be read from the disk; they are evaluated")]
    private partial void LogGivenUp(Exception exception, int tokens);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The disk failed while a state was read; the prompt is evaluated")]
    private partial void LogNotRead(Exception exception);
}

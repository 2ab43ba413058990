using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Cli.Commands;

/// <summary>Failures in plain words on standard error.</summary>
internal static class Failures
{
    /// <summary>Runs a command. What can be explained is explained; anything else is a defect and keeps its stack.</summary>
    public static async Task<int> ReportAsync(Func<Task<int>> command)
    {
        try
        {
            return await command().ConfigureAwait(false);
        }
        catch (WatchdogUnavailableException exception)
        {
            return Report(exception.Failure);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException)
        {
            await Console.Error.WriteLineAsync($"ds4: {exception.Message}").ConfigureAwait(false);
            return ExitCode.Failed;
        }
    }

    /// <summary>Says what was wrong, what to do, and where to read more.</summary>
    public static int Report(Failed failed)
    {
        Console.Error.WriteLine($"ds4: {failed.Message}");
        Console.Error.WriteLine($"     {failed.Hint}");
        if (failed.Log is not null)
            Console.Error.WriteLine($"     Log: {failed.Log}");
        return ExitCode.Failed;
    }
}

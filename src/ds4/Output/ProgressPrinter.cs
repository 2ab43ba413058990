using System.Globalization;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Cli.Output;

/// <summary>Prints the steps of a setup, one line for each that differs from the one before.</summary>
internal sealed class ProgressPrinter(TextWriter output, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private string _lastMessage = "";
    private long _lastTime;

    /// <summary>Prints a step, at most one line a second while the same step goes on.</summary>
    public void Print(Progress progress)
    {
        if (progress.Message == _lastMessage && time.GetElapsedTime(_lastTime) < Interval)
            return;
        (_lastMessage, _lastTime) = (progress.Message, time.GetTimestamp());
        output.WriteLine(Format(progress));
    }

    /// <summary>One line for people.</summary>
    public static string Format(Progress progress)
    {
        string count = progress switch
        {
            { Done: { } done, Total: { } total and > 0 } => string.Create(CultureInfo.InvariantCulture, $" {100 * done / total} % ({done}/{total} {progress.Unit})"),
            { Done: { } done } => string.Create(CultureInfo.InvariantCulture, $" {done} {progress.Unit}"),
            _ => "",
        };
        string left = progress.Remaining is { } seconds ? $", {TimeSpan.FromSeconds(seconds):h\\:mm\\:ss} left" : "";
        return $"{progress.Message}{count}{left}";
    }
}

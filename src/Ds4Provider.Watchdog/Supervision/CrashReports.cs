using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Ds4Provider.Watchdog.Setup;
using Ds4Provider.Wire.Files;
using Ds4Provider.Wire.Server;
using Ds4Provider.Wire.Watchdog;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Watchdog.Supervision;

/// <summary>What is known of a server that ended unexpectedly: counts and paths, nothing that anybody wrote.</summary>
/// <param name="Pid">Its process id.</param>
/// <param name="Ending">How it ended.</param>
/// <param name="Model">What it served.</param>
/// <param name="Age">How long it ran.</param>
/// <param name="WasReady">Whether it had loaded the model.</param>
/// <param name="LastWork">Its last report of work, if any.</param>
/// <param name="LastWords">The last lines of its standard error: runtime and engine speak there.</param>
internal sealed record Crash(
    int Pid, string Ending, PreparedModel Model, TimeSpan Age, bool WasReady, ServerWork? LastWork, IReadOnlyList<string> LastWords);

/// <summary>
/// Keeps a readable file for each of the latest crashes beside the logs, so that a user can look and send it. The folder's
/// only writer is the watchdog.
/// </summary>
internal sealed partial class CrashReports(WatchdogPaths paths, TimeProvider time, ILogger logger)
{
    private const int Kept = 10;

    /// <summary>Writes a report and lets the oldest go; its path, or null when it cannot be written.</summary>
    public string? Write(Crash crash)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"crash-{time.GetUtcNow():yyyyMMdd-HHmmssfff}-{crash.Pid}.txt");
        string path = Path.Combine(paths.Logs, name);
        try
        {
            AtomicFile.Write(path, Encoding.UTF8.GetBytes(Describe(crash)));
            foreach (string old in List(paths).Skip(Kept))
                File.Delete(old);
            return path;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            LogNotWritten(logger, path, failure.Message);
            return null;
        }
    }

    /// <summary>The reports, newest first.</summary>
    public static IEnumerable<string> List(WatchdogPaths paths) => Directory.Exists(paths.Logs)
        ? Directory.GetFiles(paths.Logs, "crash-*.txt").OrderDescending(StringComparer.Ordinal)
        : [];

    private string Describe(Crash crash)
    {
        string version = typeof(CrashReports).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"The model server ended unexpectedly: {crash.Ending}.");
        text.AppendLine("Nothing in this report comes from a conversation.");
        text.AppendLine();
        Line("time", $"{time.GetUtcNow():yyyy-MM-dd HH:mm:ss} UTC");
        Line("ds4", $"{version}");
        Line("system", $"{RuntimeInformation.OSDescription}, {RuntimeInformation.OSArchitecture}, {Environment.ProcessorCount} processors");
        Line("process", $"{crash.Pid}, {crash.Age.TotalSeconds:0.0} s old, {(crash.WasReady ? "the model was loaded" : "the model was being loaded")}");
        Line("model", $"{crash.Model.ModelId}, {crash.Model.ModelPath}, context {crash.Model.ContextWindow}");
        Line("engine", $"{crash.Model.Library}");
        if (crash.LastWork is { } work)
            Line("work", $"{work.ActiveRequests} requests, {work.PrefilledTokens} tokens prefilled and {work.GeneratedTokens} generated since its start");
        else
            Line("work", $"none was reported");
        text.AppendLine();
        text.AppendLine(crash.LastWords.Count > 0 ? "Its last words:" : "It said nothing.");
        foreach (string line in crash.LastWords)
            text.Append("  ").AppendLine(line);
        return text.ToString();

        void Line(string name, FormattableString value) =>
            text.AppendLine(CultureInfo.InvariantCulture, $"{name,-8} {value.ToString(CultureInfo.InvariantCulture)}");
    }

    [LoggerMessage(LogLevel.Warning, "The crash report {Path} cannot be written: {Reason}")]
    private static partial void LogNotWritten(ILogger logger, string path, string reason);
}

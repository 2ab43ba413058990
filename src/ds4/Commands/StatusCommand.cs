using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Ds4Provider.Cli.Clients;
using Ds4Provider.Cli.Output;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Cli.Commands;

/// <summary><c>ds4 status</c>.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        Option<bool> json = JsonOutput.Option();
        var command = new Command("status", "Shows what runs and who uses it. Exit code 0 when the watchdog runs, 3 when it does not.") { json };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(bool json, CancellationToken cancellationToken)
    {
        Status? status = await WatchdogStatus.ReadAsync(cancellationToken).ConfigureAwait(false);
        if (json)
            JsonOutput.Write(status is null ? new JsonObject { ["running"] = false } : JsonNode.Parse(WatchdogProtocol.Write(status))!);
        else
            Console.Write(status is null ? "ds4 does not run. Programs that need it start it.\n" : Format(status));
        return status is null ? ExitCode.NotRunning : ExitCode.Done;
    }

    /// <summary>A few lines for people.</summary>
    internal static string Format(Status status)
    {
        var text = new StringWriter();
        text.WriteLine($"watchdog  {status.Version}, process {status.Pid}");
        text.WriteLine(status.Model is null ? "model     none" : $"model     {status.Model}, {Describe(status)}");
        if (status.ComputesOn is { } backend)
            text.WriteLine($"computes  on {backend}");
        if (status.Reuse is { } reuse)
        {
            text.WriteLine($"requests  {status.ActiveRequests} running or waiting, {reuse.Slots} at a time");
            text.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"reuse     {100 * reuse.Share:0} % of all prompt tokens, {Duration(reuse.SecondsSaved)} saved, {reuse.Checkpoints} checkpoints"));
            if (reuse.StoredStates > 0)
                text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"disk      {reuse.StoredStates} states of conversations, {reuse.StoredBytes / 1e6:0.0} MB"));
        }
        foreach (LeaseStatus lease in status.Leases)
            text.WriteLine($"lease     {lease.Client}, process {lease.Pid}, uses {lease.Model}");
        foreach (LeaseStatus waiting in status.Waiting)
            text.WriteLine($"waits     {waiting.Client}, process {waiting.Pid}, for {waiting.Model}");
        if (status.Leases.Count == 0)
            text.WriteLine("lease     none: ds4 stops soon");
        return text.ToString();
    }

    private static string Describe(Status status)
    {
        string phase = status.Phase?.ToString().ToLowerInvariant() ?? "unknown";
        string server = status.ServerPid is { } pid ? $", server process {pid}" : "";
        string restarts = status.Restarts switch { 0 => "", 1 => ", restarted once", var n => $", restarted {n} times" };
        return phase + server + restarts;
    }

    private static string Duration(double seconds) => seconds switch
    {
        < 120 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0} s"),
        < 7200 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60:0} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:0} h"),
    };
}

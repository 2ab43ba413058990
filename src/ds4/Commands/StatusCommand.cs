using System.CommandLine;
using System.Globalization;
using Ds4Provider.Cli.Clients;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Cli.Commands;

/// <summary><c>ds4 status</c>.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var command = new Command("status", "Shows what runs and who uses it. Exit code 0 when the watchdog runs, 3 when it does not.");
        command.SetAction((_, cancellationToken) => RunAsync(cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        if (await WatchdogAccess.TryConnectAsync(cancellationToken).ConfigureAwait(false) is not { } connection)
        {
            Console.WriteLine("ds4 does not run. Programs that need it start it.");
            return ExitCode.NotRunning;
        }
        await using (connection.ConfigureAwait(false))
        {
            await connection.SendAsync(new StatusRequest(), cancellationToken).ConfigureAwait(false);
            await foreach (WatchdogMessage message in connection.ReceiveAllAsync(cancellationToken).ConfigureAwait(false))
            {
                if (message is not Status status)
                    continue;
                Console.Write(Format(status));
                return ExitCode.Done;
            }
        }
        Console.WriteLine("ds4 has just stopped.");
        return ExitCode.NotRunning;
    }

    /// <summary>A few lines for people.</summary>
    internal static string Format(Status status)
    {
        var text = new StringWriter();
        text.WriteLine($"watchdog  {status.Version}, process {status.Pid}");
        text.WriteLine(status.Model is null ? "model     none" : $"model     {status.Model}, {Describe(status)}");
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

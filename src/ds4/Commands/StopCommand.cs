using System.CommandLine;
using System.Text.Json.Nodes;
using Ds4Provider.Cli.Clients;
using Ds4Provider.Cli.Output;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Cli.Commands;

/// <summary><c>ds4 stop</c>.</summary>
internal static class StopCommand
{
    public static Command Create()
    {
        Option<bool> json = JsonOutput.Option();
        var command = new Command("stop", "Stops the model server and the watchdog now, whoever uses them. Waits until they are gone.") { json };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(bool json, CancellationToken cancellationToken)
    {
        if (await WatchdogAccess.TryConnectAsync(cancellationToken).ConfigureAwait(false) is not { } connection)
        {
            return Report(json, stopped: false, "ds4 does not run.");
        }
        await using (connection.ConfigureAwait(false))
        {
            await connection.TrySendAsync(new Stop(), cancellationToken).ConfigureAwait(false);
            await foreach (WatchdogMessage message in connection.ReceiveAllAsync(cancellationToken).ConfigureAwait(false))
            {
                if (message is Failed failed)
                    return Failures.Report(failed);
            }
        }
        return Report(json, stopped: true, "ds4 has stopped.");
    }

    private static int Report(bool json, bool stopped, string text)
    {
        if (json)
            JsonOutput.Write(new JsonObject { ["stopped"] = stopped });
        else
            Console.WriteLine(text);
        return ExitCode.Done;
    }
}

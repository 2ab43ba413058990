using System.CommandLine;
using Ds4Provider.Cli.Clients;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Cli.Commands;

/// <summary><c>ds4 stop</c>.</summary>
internal static class StopCommand
{
    public static Command Create()
    {
        var command = new Command("stop", "Stops the model server and the watchdog now, whoever uses them. Waits until they are gone.");
        command.SetAction((_, cancellationToken) => RunAsync(cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        if (await WatchdogAccess.TryConnectAsync(cancellationToken).ConfigureAwait(false) is not { } connection)
        {
            Console.WriteLine("ds4 does not run.");
            return ExitCode.Done;
        }
        await using (connection.ConfigureAwait(false))
        {
            await connection.SendAsync(new Stop(), cancellationToken).ConfigureAwait(false);
            await foreach (WatchdogMessage message in connection.ReceiveAllAsync(cancellationToken).ConfigureAwait(false))
            {
                if (message is Failed failed)
                    return Failures.Report(failed);
            }
        }
        Console.WriteLine("ds4 has stopped.");
        return ExitCode.Done;
    }
}

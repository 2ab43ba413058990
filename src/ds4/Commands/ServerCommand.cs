using System.CommandLine;
using Ds4Provider.Cli.Clients;
using Ds4Provider.Cli.Processes;
using Ds4Provider.Server.Hosting;
using Serilog.Core;
using Serilog.Extensions.Logging;

namespace Ds4Provider.Cli.Commands;

/// <summary><c>ds4 server</c>: started by the watchdog, never by people.</summary>
internal static class ServerCommand
{
    public static Command Create()
    {
        var command = new Command("server", "Runs the model. Started by the watchdog, which configures it over standard input.") { Hidden = true };
        command.SetAction(_ => RunAsync());
        return command;
    }

    /// <summary>Runs until its life line ends.</summary>
    public static async Task<int> RunAsync()
    {
        Logger log = LogFiles.Open(WatchdogAccess.Paths().ServerLog);
        await using (log.ConfigureAwait(false))
        {
            using var loggers = new SerilogLoggerFactory(log);
            return await ModelServer.RunAsync(Console.In, Console.Out, new ServerDependencies { LoggerFactory = loggers }).ConfigureAwait(false);
        }
    }
}

using System.CommandLine;
using Ds4Provider.Cli.Processes;
using Ds4Provider.Watchdog.Hosting;
using Microsoft.Extensions.Hosting;
using Serilog;
using Serilog.Core;

namespace Ds4Provider.Cli.Commands;

/// <summary><c>ds4 watchdog</c>: started by clients, never by people.</summary>
internal static class WatchdogCommand
{
    private static readonly string[] Secrets = ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"];

    public static Command Create()
    {
        var command = new Command("watchdog", "Serves leases and supervises the model server. Started by clients when they need it.") { Hidden = true };
        command.SetAction(_ => RunAsync(ReadOptions()));
        return command;
    }

    /// <summary>What this process was told.</summary>
    public static WatchdogOptions ReadOptions() =>
        WatchdogOptions.FromEnvironment(TakeEnvironment(), Self.Payload, Self.Command("server"), Self.Version);

    /// <summary>Runs until the watchdog has nothing left to do.</summary>
    public static async Task<int> RunAsync(WatchdogOptions options)
    {
        BackgroundProcess.Detach();
        // The log's folder is one of them: what is wrong with them can only be said on standard error.
        options.Paths.CreateDirectories();
        Logger log = LogFiles.Open(options.Paths.WatchdogLog);
        await using (log.ConfigureAwait(false))
        {
            HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
            builder.Services.AddSerilog(log);
            builder.Services.AddWatchdog(options);
            using IHost host = builder.Build();
            await host.RunAsync().ConfigureAwait(false);
        }
        return ExitCode.Done;
    }

    // The token is for the hub alone: neither a compiler nor the server inherits it.
    private static Func<string, string?> TakeEnvironment()
    {
        Dictionary<string, string?> secrets = Secrets.ToDictionary(name => name, Environment.GetEnvironmentVariable);
        foreach (string name in Secrets)
            Environment.SetEnvironmentVariable(name, null);
        return name => secrets.TryGetValue(name, out string? secret) ? secret : Environment.GetEnvironmentVariable(name);
    }
}

using System.Globalization;
using Ds4Provider.Watchdog.Hosting;
using Ds4Provider.Watchdog.Supervision;
using Ds4Provider.Wire.Watchdog;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Dummy;

/// <summary>
/// The real watchdog with a dummy server: <c>DUMMY_PAYLOAD</c> is its payload, <c>DUMMY_SERVER</c> the server's
/// behaviour and parameters, <c>DUMMY_LIMIT</c> its patience in seconds.
/// </summary>
internal static class DummyWatchdog
{
    public static async Task<int> RunAsync()
    {
        BackgroundProcess.Detach();
        string[] behaviour = Environment.GetEnvironmentVariable("DUMMY_SERVER")!.Split(' ');
        WatchdogOptions options = WatchdogOptions.FromEnvironment(
            Environment.GetEnvironmentVariable,
            Environment.GetEnvironmentVariable("DUMMY_PAYLOAD")!,
            new LaunchCommand(Environment.ProcessPath!, ["server", .. behaviour]),
            WatchdogProtocol.PackageVersion);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.AddSimpleConsole(console => console.TimestampFormat = "HH:mm:ss.fff ");
        builder.Services.AddWatchdog(options with { Limits = Limits() });
        using IHost host = builder.Build();
        await host.RunAsync();
        return 0;
    }

    private static SupervisionLimits Limits()
    {
        string seconds = Environment.GetEnvironmentVariable("DUMMY_LIMIT") ?? "1";
        var limit = TimeSpan.FromSeconds(double.Parse(seconds, CultureInfo.InvariantCulture));
        return new SupervisionLimits { Stuck = limit, Loading = limit * 10, Drain = limit, Terminate = limit / 2 };
    }
}

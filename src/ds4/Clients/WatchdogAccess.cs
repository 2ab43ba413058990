using Ds4Provider.Cli.Processes;
using Ds4Provider.Wire.Payload;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Cli.Clients;

/// <summary>How the commands that people type reach the watchdog.</summary>
internal static class WatchdogAccess
{
    private const string Name = "ds4 command";

    /// <summary>The paths of this user.</summary>
    public static WatchdogPaths Paths() => WatchdogPaths.FromEnvironment(Environment.GetEnvironmentVariable);

    /// <summary>Connects to the running watchdog, or returns <see langword="null"/>.</summary>
    public static Task<WatchdogConnection?> TryConnectAsync(CancellationToken cancellationToken) =>
        Launcher(Paths()).TryConnectAsync(Name, cancellationToken);

    /// <summary>Connects to the watchdog; starts it when none runs.</summary>
    public static Task<WatchdogConnection> ConnectAsync(string name, CancellationToken cancellationToken) =>
        Launcher(Paths()).ConnectAsync(name, cancellationToken);

    private static WatchdogLauncher Launcher(WatchdogPaths paths)
    {
        bool inPlace = RunsInPlace(paths);
        return new WatchdogLauncher(
            paths, token => inPlace ? Task.FromResult(Self.Executable) : InstallAsync(paths, token), Environment.GetEnvironmentVariable, TimeProvider.System)
        {
            LeadingArguments = inPlace ? Self.Command().Arguments : [],
        };
    }

    /// <summary>
    /// Whether the watchdog runs from where this command lies. A package's folder may be removed or updated meanwhile, so
    /// what came with a manifest is copied to the state directory; a build of a developer runs where it is.
    /// </summary>
    private static bool RunsInPlace(WatchdogPaths paths) =>
        Self.Payload.StartsWith(paths.Executables + Path.DirectorySeparatorChar, StringComparison.Ordinal)
        || !File.Exists(Path.Combine(Self.Payload, PayloadManifest.FileName));

    private static Task<string> InstallAsync(WatchdogPaths paths, CancellationToken cancellationToken) =>
        new PayloadInstaller(Self.Payload, paths.Executables, TimeProvider.System).InstallAsync(cancellationToken);
}

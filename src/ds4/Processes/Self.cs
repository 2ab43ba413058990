using Ds4Provider.Watchdog.Supervision;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Cli.Processes;

/// <summary>The running executable.</summary>
internal static class Self
{
    /// <summary>Package version.</summary>
    public static string Version => WatchdogProtocol.PackageVersion;

    /// <summary>Folder with the engine's sources and the demo model: what lies beside the executable.</summary>
    public static string Payload => AppContext.BaseDirectory;

    /// <summary>Path of the executable; of <c>dotnet</c> when it runs as <c>dotnet ds4.dll</c>.</summary>
    public static string Executable => Environment.ProcessPath
        ?? throw new IOException("This process cannot find its own executable; start ds4 by its path.");

    /// <summary>How to start this executable once more.</summary>
    public static LaunchCommand Command(params string[] arguments) =>
        Path.GetFileNameWithoutExtension(Executable) == "dotnet"
            ? new LaunchCommand(Executable, [Path.Combine(AppContext.BaseDirectory, "ds4.dll"), .. arguments])
            : new LaunchCommand(Executable, arguments);
}

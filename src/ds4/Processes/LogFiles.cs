using System.Globalization;
using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace Ds4Provider.Cli.Processes;

/// <summary>The rolling logs of the background processes, in lines that people can read.</summary>
internal static class LogFiles
{
    private const int KeptFiles = 5;
    private const long FileBytes = 5 * 1024 * 1024;
    private const string Line = "{Timestamp:yyyy-MM-dd HH:mm:ss.fff zzz} [{Level:u3}] {Message:lj}{NewLine}{Exception}";

    /// <summary>Opens a log.</summary>
    public static Logger Open(string path) => new LoggerConfiguration()
        .MinimumLevel.Information()
        .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
        .WriteTo.File(
            path,
            outputTemplate: Line,
            formatProvider: CultureInfo.InvariantCulture,
            fileSizeLimitBytes: FileBytes,
            rollOnFileSizeLimit: true,
            retainedFileCountLimit: KeptFiles)
        .CreateLogger();
}

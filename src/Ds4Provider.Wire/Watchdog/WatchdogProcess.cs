using System.ComponentModel;
using System.Diagnostics;

namespace Ds4Provider.Wire.Watchdog;

/// <summary>
/// A watchdog that this process started: a child until it detaches itself with <c>setsid</c>, and in any case free to
/// outlive us. Disposal lets go of it; it never ends it.
/// </summary>
internal sealed class WatchdogProcess : IDisposable
{
    // The shell ignores the signals before the runtime of ds4 is up: a Ctrl-C in the first 30 ms would end it otherwise.
    private const string Script = "trap \"\" INT HUP QUIT; exec \"$@\" </dev/null >>\"$DS4_LOG\" 2>&1";

    private readonly Process _process;
    private readonly Task<string> _shellErrors;

    private WatchdogProcess(Process process)
    {
        _process = process;
        // Ends as soon as the shell has replaced itself: ds4 does not inherit the pipe.
        _shellErrors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Its exit code, once it has ended. 0 = it gave way to a running watchdog.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Starts <c>ds4 watchdog</c>.</summary>
    /// <param name="command">Path of <c>ds4</c>, or of <c>dotnet</c> and of <c>ds4.dll</c>.</param>
    /// <param name="paths">Where client and watchdog meet.</param>
    /// <param name="environment">Reads a variable of this process.</param>
    /// <exception cref="WatchdogUnavailableException">There is no shell.</exception>
    public static WatchdogProcess Start(IReadOnlyList<string> command, WatchdogPaths paths, Func<string, string?> environment)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", Script, "sh", .. command, "watchdog"])
        {
            WorkingDirectory = "/",
            // All three, although the shell redirects them again: .NET resets the terminal's modes for a child that
            // might use it, under the feet of a host that draws on it.
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        foreach ((string name, string? value) in WatchdogEnvironment.For(paths, environment))
            start.Environment[name] = value;
        start.Environment["DS4_LOG"] = paths.WatchdogOutput;
        try
        {
            return new WatchdogProcess(Process.Start(start)!);
        }
        catch (Win32Exception error)
        {
            throw new WatchdogUnavailableException(
                FailureReason.StartFailed, $"Cannot start /bin/sh: {error.Message}.", "The watchdog needs a POSIX shell.", innerException: error);
        }
    }

    /// <summary>What the shell itself complained about, e.g. an unwritable log.</summary>
    public Task<string> ReadShellErrorsAsync() => _shellErrors;

    /// <summary>Lets go of the process.</summary>
    public void Dispose() => _process.Dispose();
}

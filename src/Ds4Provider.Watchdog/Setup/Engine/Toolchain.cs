using CliWrap;
using CliWrap.Buffered;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Watchdog.Setup.Engine;

/// <summary>The compiler and make of this machine.</summary>
internal static class Toolchain
{
    private static readonly string Hint = OperatingSystem.IsMacOS()
        ? "Run `xcode-select --install` and try again."
        : "Install a C compiler and make, e.g. `sudo apt install build-essential`, and try again.";

    /// <summary>What the compiler and make say about themselves; part of a build's name.</summary>
    /// <exception cref="SetupException">One of them is missing.</exception>
    public static async Task<string> DescribeAsync(CancellationToken cancellationToken)
    {
        // CC may hold arguments ("ccache cc"), as for make; the shell splits them.
        string compiler = await VersionAsync("C compiler", "${CC:-cc}", cancellationToken).ConfigureAwait(false);
        string make = await VersionAsync("make", "make", cancellationToken).ConfigureAwait(false);
        return compiler + make;
    }

    private static async Task<string> VersionAsync(string what, string command, CancellationToken cancellationToken)
    {
        BufferedCommandResult result = await Cli.Wrap("/bin/sh")
            .WithArguments(["-c", $"exec {command} --version"])
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(cancellationToken)
            .ConfigureAwait(false);
        if (result.IsSuccess)
            return result.StandardOutput;
        // On a Mac without the command line tools `cc` exists, and fails.
        throw new SetupException(
            FailureReason.BuildFailed,
            $"The engine is compiled on this machine, but there is no working {what}: {result.StandardError.Trim()}",
            Hint);
    }
}

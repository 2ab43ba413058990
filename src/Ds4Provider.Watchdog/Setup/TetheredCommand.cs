using CliWrap;

namespace Ds4Provider.Watchdog.Setup;

/// <summary>
/// A command that ends with this process, even when that is killed. A shell between them holds the other end of a pipe
/// that is open as long as this process lives; at its end the shell terminates the command, as make does with its compilers.
/// </summary>
internal static class TetheredCommand
{
    // A job in the background loses its standard input, so the pipe moves to descriptor 3, which the command must not hold.
    private const string Script =
        """
        exec 3<&0
        "$@" </dev/null 3<&- &
        command=$!
        { read -r end <&3; kill -TERM "$command"; } 2>/dev/null &
        tether=$!
        wait "$command"
        code=$?
        kill "$tether" 2>/dev/null
        exit "$code"
        """;

    /// <summary>The command; its standard input is empty.</summary>
    public static Command Wrap(string executable, params IEnumerable<string> arguments) => Cli.Wrap("/bin/sh")
        .WithArguments(["-c", Script, "sh", executable, .. arguments])
        .WithStandardInputPipe(PipeSource.Create((_, ended) => Task.Delay(Timeout.Infinite, ended)));
}

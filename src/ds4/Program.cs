using System.CommandLine;
using Ds4Provider.Cli.Commands;

var root = new RootCommand(
    """
    ds4 runs DeepSeek V4 Flash on this machine for coding agents.

    Agents that use Ds4Provider need none of these commands: they start what they need, and all of it ends with them.
    """)
{
    ServeCommand.Create(),
    StatusCommand.Create(),
    StopCommand.Create(),
    LogsCommand.Create(),
    ModelsCommand.Create(),
    PurgeCommand.Create(),
    DoctorCommand.Create(),
    BenchCommand.Create(),
    WatchdogCommand.Create(),
    ServerCommand.Create(),
};

ParseResult parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    await parsed.InvokeAsync();
    return ExitCode.Usage;
}
// Each command stops in its own way: the watchdog and the server drain first, however long that takes.
return await Failures.ReportAsync(() => parsed.InvokeAsync(new InvocationConfiguration
{
    ProcessTerminationTimeout = null,
    EnableDefaultExceptionHandler = false,
}));

using System.Globalization;
using CliWrap;
using Ds4Provider.Wire.Watchdog;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Watchdog.Setup.Engine;

/// <summary>
/// Compiles the engine once for each combination of sources, compiler and flags. A build appears under its name in one
/// step, complete, or not at all, and one that came along compiled saves the work. Earlier builds stay for a way back.
/// Only one watchdog builds: it holds the lock.
/// </summary>
internal sealed partial class EngineBuilder(PayloadFolder payload, PrebuiltEngine prebuilt, WatchdogPaths paths, ILogger<EngineBuilder> logger)
{
    /// <summary>How the folder of a build ends that is not complete yet.</summary>
    public const string Unfinished = ".unfinished";

    private const int KeptBuilds = 3;

    /// <summary>The build for the sources of the payload.</summary>
    /// <exception cref="SetupException">A tool is missing, or the engine does not compile.</exception>
    public async Task<EngineBuild> BuildAsync(Action<Progress> progress, CancellationToken cancellationToken)
    {
        progress(new Progress(SetupPhase.Building, "Checking the engine"));
        if (await prebuilt.TakeAsync(cancellationToken).ConfigureAwait(false) is { } taken)
        {
            RemoveOldBuilds(taken);
            return taken;
        }
        string tools = await Toolchain.DescribeAsync(cancellationToken).ConfigureAwait(false);
        string name = SourceHash.Compute(payload.Native, tools, Variable("CC"), Variable("CFLAGS"));
        var build = new EngineBuild(Path.Combine(paths.Engines, name));
        if (build.IsComplete)
            return build;
        await CompileAsync(build, progress, cancellationToken).ConfigureAwait(false);
        RemoveOldBuilds(build);
        return build;
    }

    private async Task CompileAsync(EngineBuild build, Action<Progress> progress, CancellationToken cancellationToken)
    {
        RemoveUnfinished();
        string unfinished = $"{build.Folder}.{Environment.ProcessId}{Unfinished}";
        Directory.CreateDirectory(unfinished);
        var log = new BuildLog(paths.BuildLog, payload.Native, progress);
        await using (log.ConfigureAwait(false))
        {
            LogBuilding(logger, build.Folder, log.Path);
            int exitCode = await MakeAsync(unfinished, log, cancellationToken).ConfigureAwait(false);
            if (exitCode != 0)
                throw Failure($"The engine does not compile (make ended with {exitCode}). Its last lines:\n{log.Tail}", log);
            if (!new EngineBuild(unfinished).IsComplete)
                throw Failure("make succeeded without making the engine.", log);
        }
        // A folder of that name without a library in it is what is left of a damaged build.
        if (Directory.Exists(build.Folder))
            Directory.Delete(build.Folder, recursive: true);
        Directory.Move(unfinished, build.Folder);
    }

    private async Task<int> MakeAsync(string target, BuildLog log, CancellationToken cancellationToken)
    {
        string jobs = Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture);
        // Cancelling kills make and the compilers below it, which CliWrap knows as its tree.
        CommandResult result = await TetheredCommand.Wrap("make", "-C", payload.Native, $"-j{jobs}", $"BUILD={target}")
            .WithStandardOutputPipe(PipeTarget.ToDelegate(log.Add))
            .WithStandardErrorPipe(PipeTarget.ToDelegate(log.Add))
            .WithValidation(CommandResultValidation.None)
            .ExecuteAsync(cancellationToken)
            .ConfigureAwait(false);
        return result.ExitCode;
    }

    private void RemoveUnfinished()
    {
        foreach (string folder in Directory.EnumerateDirectories(paths.Engines, "*" + Unfinished))
        {
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (IOException exception)
            {
                // Compilers of a watchdog that was killed may not have ended yet. Ours has another name, and the next build tries again.
                LogInUse(logger, folder, exception.Message);
            }
        }
    }

    private void RemoveOldBuilds(EngineBuild current)
    {
        IEnumerable<string> old = Directory.EnumerateDirectories(paths.Engines)
            .Where(folder => folder != current.Folder)
            .OrderByDescending(Directory.GetLastWriteTimeUtc)
            .Skip(KeptBuilds - 1);
        foreach (string folder in old)
            Directory.Delete(folder, recursive: true);
    }

    private static SetupException Failure(string message, BuildLog log) =>
        new(FailureReason.BuildFailed, message, "See the log for the compiler's messages.", log.Path);

    private static string Variable(string name) => Environment.GetEnvironmentVariable(name) ?? "";

    [LoggerMessage(LogLevel.Warning, "{Folder} cannot be removed yet: {Reason}")]
    private static partial void LogInUse(ILogger logger, string folder, string reason);

    [LoggerMessage(LogLevel.Information, "The engine is compiled into {Folder}; output in {Log}")]
    private static partial void LogBuilding(ILogger logger, string folder, string log);
}

using CliWrap;
using Ds4Provider.Wire.Payload;
using Ds4Provider.Wire.Watchdog;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Watchdog.Setup.Engine;

/// <summary>
/// The engine that a package may bring compiled. It is taken only when it was made from the very sources beside it, nobody
/// asked for a compiler or flags of their own, and it runs here; otherwise the sources are compiled as ever.
/// </summary>
internal sealed partial class PrebuiltEngine(PayloadFolder payload, WatchdogPaths paths, ILogger<PrebuiltEngine> logger)
{
    private const string Suffix = "-packaged";
    private const UnixFileMode Executable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private string SourceList => Path.Combine(payload.Prebuilt, "sources.sha256");

    /// <summary>Puts it among the builds, where it stays like one that was compiled.</summary>
    /// <returns>The build, or null when the engine must be compiled.</returns>
    public async Task<EngineBuild?> TakeAsync(CancellationToken cancellationToken)
    {
        var packaged = new EngineBuild(payload.Prebuilt);
        if (!packaged.IsComplete || !File.Exists(SourceList) || HasOwnWishes() || !IsOfTheseSources())
            return null;
        string hash = SourceHash.Compute(payload.Prebuilt);
        var build = new EngineBuild(Path.Combine(paths.Engines, hash + Suffix));
        if (File.Exists(Rejection(build)))
            return null;
        if (build.IsComplete)
            return build;
        Copy(packaged, build);
        if (await RunsAsync(build, cancellationToken).ConfigureAwait(false))
            return build;
        Reject(build);
        return null;
    }

    /// <summary>Remembers that a build that came along does not work on this machine.</summary>
    /// <returns>Whether it did come along; one that was compiled here has no substitute.</returns>
    public static bool Reject(EngineBuild build)
    {
        if (!build.Folder.EndsWith(Suffix, StringComparison.Ordinal))
            return false;
        Directory.Delete(build.Folder, recursive: true);
        File.WriteAllText(Rejection(build), "The packaged engine does not work on this machine; it is compiled here.\n");
        return true;
    }

    private static string Rejection(EngineBuild build) => build.Folder + ".rejected";

    private static bool HasOwnWishes() =>
        ((string[])["CC", "CFLAGS", "LDFLAGS"]).Any(name => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name)));

    private bool IsOfTheseSources()
    {
        try
        {
            Dictionary<string, string> listed = PayloadManifest.Parse(File.ReadAllBytes(SourceList)).Files.ToDictionary(file => file.Path, file => file.Sha256);
            if (PayloadManifest.FilesBelow(payload.Native).All(file => listed.Remove(file.Path, out string? hash) && hash == file.Sha256) && listed.Count == 0)
                return true;
            LogOtherSources(logger, payload.Prebuilt);
        }
        catch (InvalidDataException error)
        {
            LogUnreadable(logger, SourceList, error.Message);
        }
        return false;
    }

    private static void Copy(EngineBuild packaged, EngineBuild build)
    {
        string unfinished = $"{build.Folder}.{Environment.ProcessId}{EngineBuilder.Unfinished}";
        Directory.CreateDirectory(unfinished);
        var copy = new EngineBuild(unfinished);
        File.Copy(packaged.Library, copy.Library, overwrite: true);
        File.Copy(packaged.LogitsTool, copy.LogitsTool, overwrite: true);
        // An archive of a package keeps no executable bit.
        File.SetUnixFileMode(copy.LogitsTool, Executable);
        if (Directory.Exists(build.Folder))
            Directory.Delete(build.Folder, recursive: true);
        Directory.Move(unfinished, build.Folder);
    }

    // Another C library, or an older one, than that of the packing machine: the loader says so at once.
    private async Task<bool> RunsAsync(EngineBuild build, CancellationToken cancellationToken)
    {
        CommandResult result = await TetheredCommand.Wrap(build.LogitsTool, "--help")
            .WithValidation(CommandResultValidation.None)
            .ExecuteAsync(cancellationToken)
            .ConfigureAwait(false);
        if (!result.IsSuccess)
            LogDoesNotRun(logger, build.LogitsTool, result.ExitCode);
        return result.IsSuccess;
    }

    [LoggerMessage(LogLevel.Warning, "The compiled engine in {Folder} was made from other sources; it is compiled here")]
    private static partial void LogOtherSources(ILogger logger, string folder);

    [LoggerMessage(LogLevel.Warning, "{File} cannot be read ({Reason}); the engine is compiled here")]
    private static partial void LogUnreadable(ILogger logger, string file, string reason);

    [LoggerMessage(LogLevel.Warning, "The compiled engine {Path} does not run on this machine (it ended with {Code}); the engine is compiled here")]
    private static partial void LogDoesNotRun(ILogger logger, string path, int code);
}

using System.Text;
using CliWrap;
using Ds4Provider.Watchdog.Setup.Engine;
using Ds4Provider.Wire.Watchdog;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Watchdog.Setup.SelfTest;

/// <summary>
/// Proves, once for each build and model, on the machine where it will run, that the engine computes what it must. In a
/// child process: a miscompiled kernel may crash or never end.
/// </summary>
internal sealed partial class EngineSelfTest(PayloadFolder payload, WatchdogPaths paths, ILogger<EngineSelfTest> logger)
{
    private const int ErrorLength = 2000;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>Builds the engine and lets it prove itself; one that came along compiled and fails is compiled here.</summary>
    /// <exception cref="SetupException">There is no engine that computes what it must.</exception>
    public async Task<EngineBuild> BuildAsync(EngineBuilder builder, Action<Progress> progress, CancellationToken cancellationToken)
    {
        while (true)
        {
            EngineBuild build = await builder.BuildAsync(progress, cancellationToken).ConfigureAwait(false);
            try
            {
                await VerifyAsync(build, progress, cancellationToken).ConfigureAwait(false);
                return build;
            }
            catch (SetupException failed) when (failed.Failed.Reason == FailureReason.SelfTestFailed)
            {
                if (!PrebuiltEngine.Reject(build))
                    throw await ExplainAsync(build, failed, cancellationToken).ConfigureAwait(false);
                LogRejected(logger, build.Folder, failed.Message);
            }
        }
    }

    /// <summary>The failure, with the kernel that is wrong where a GPU computes.</summary>
    private async Task<SetupException> ExplainAsync(EngineBuild build, SetupException failed, CancellationToken cancellationToken)
    {
        MetalReport? report = null;
        try
        {
            report = await new MetalCheck(payload, paths, MetalCheck.DefaultLimit).RunAsync(build, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            // What the self-test found is told all the same.
            LogNotExplained(logger, exception.Message);
        }
        return report is null
            ? failed
            : new SetupException(
                FailureReason.SelfTestFailed, $"{failed.Failed.Message} {report.Verdict}", $"Send {report.Files} to the authors of ds4. {failed.Failed.Hint}", report.Path);
    }

    /// <summary>Returns when the build has proved itself, now or earlier.</summary>
    /// <exception cref="SetupException">It computes something else, crashes, or does not end.</exception>
    private async Task VerifyAsync(EngineBuild build, Action<Progress> progress, CancellationToken cancellationToken)
    {
        string proof = Path.Combine(build.Folder, "selftest.passed");
        string subject = Subject(build);
        if (File.Exists(proof) && await File.ReadAllTextAsync(proof, cancellationToken).ConfigureAwait(false) == subject)
            return;
        progress(new Progress(SetupPhase.Verifying, "Testing the engine on this machine"));
        LogitComparison comparison = await CompareAsync(build, cancellationToken).ConfigureAwait(false);
        if (!comparison.Passes)
            throw Failure($"The compiled engine computes wrong logits: {comparison}.");
        LogPassed(logger, comparison.ToString());
        await File.WriteAllTextAsync(proof, subject, cancellationToken).ConfigureAwait(false);
    }

    private async Task<LogitComparison> CompareAsync(EngineBuild build, CancellationToken cancellationToken)
    {
        string output = Path.Combine(build.Folder, "selftest.out");
        try
        {
            await RunAsync(build, output, cancellationToken).ConfigureAwait(false);
            byte[] expected = await File.ReadAllBytesAsync(payload.SelfTestLogits, cancellationToken).ConfigureAwait(false);
            byte[] actual = await File.ReadAllBytesAsync(output, cancellationToken).ConfigureAwait(false);
            int rows = File.ReadLines(payload.SelfTestPositions).Count(line => !string.IsNullOrWhiteSpace(line));
            return LogitComparison.Compare(expected, actual, rows);
        }
        catch (Exception exception) when (exception is InvalidDataException or FileNotFoundException)
        {
            throw Failure($"The engine's self-test cannot be read: {exception.Message}.");
        }
        finally
        {
            File.Delete(output);
        }
    }

    private async Task RunAsync(EngineBuild build, string output, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        var errors = new StringBuilder();
        try
        {
            CommandResult result = await TetheredCommand
                .Wrap(
                    build.LogitsTool,
                    "--model", payload.DemoModel,
                    "--tokens", payload.SelfTestTokens,
                    "--positions", payload.SelfTestPositions,
                    "--mode", "exact",
                    "--out", output)
                .WithStandardErrorPipe(PipeTarget.ToStringBuilder(errors))
                .WithValidation(CommandResultValidation.None)
                .ExecuteAsync(limit.Token)
                .ConfigureAwait(false);
            if (!result.IsSuccess)
                throw Failure($"The engine's self-test ended with {result.ExitCode}: {Last(errors)}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Failure($"The engine's self-test did not end within {Limit.TotalMinutes:0} minutes.");
        }
    }

    /// <summary>
    /// What a proof is about: another library or another model needs another proof. The payload's folder has the name of its
    /// content; where the state directory lies is no part of it.
    /// </summary>
    private string Subject(EngineBuild build)
    {
        var library = new FileInfo(build.Library);
        var model = new FileInfo(payload.DemoModel);
        return $"{library.Length} {library.LastWriteTimeUtc.Ticks} {Path.GetRelativePath(paths.StateDirectory, model.FullName)} {(model.Exists ? model.Length : 0)}";
    }

    private static string Last(StringBuilder errors)
    {
        string text = errors.ToString().Trim();
        return text.Length > ErrorLength ? text[^ErrorLength..] : text;
    }

    private SetupException Failure(string message) => new(
        FailureReason.SelfTestFailed,
        message,
        "The engine must not be used like this. Check the compiler (CC, CFLAGS), remove the folder engine in the state directory and try again.",
        paths.BuildLog);

    [LoggerMessage(LogLevel.Warning, "The packaged engine {Folder} fails its self-test; it is compiled here: {Reason}")]
    private static partial void LogRejected(ILogger logger, string folder, string reason);

    [LoggerMessage(LogLevel.Warning, "The report on the GPU cannot be written: {Reason}")]
    private static partial void LogNotExplained(ILogger logger, string reason);

    [LoggerMessage(LogLevel.Information, "The engine passed its self-test: {Comparison}")]
    private static partial void LogPassed(ILogger logger, string comparison);
}

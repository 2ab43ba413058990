using System.Globalization;
using System.Text;
using CliWrap;
using Ds4Provider.Watchdog.Setup.Engine;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Watchdog.Setup.SelfTest;

/// <summary>
/// Tries every stage of the engine's Metal backend against its CPU backend, and names the kernels of the first that is
/// wrong. In a child process with a time limit: a GPU may hang.
/// </summary>
/// <param name="payload">Has the model that is tried.</param>
/// <param name="paths">Say where the report goes.</param>
/// <param name="limit">When a run counts as hanging; the program itself gives up earlier and knows more.</param>
internal sealed class MetalCheck(PayloadFolder payload, WatchdogPaths paths, TimeSpan limit)
{
    /// <summary>Longer than the program's own limit of three minutes.</summary>
    public static readonly TimeSpan DefaultLimit = TimeSpan.FromMinutes(4);

    /// <summary>Runs it, and writes its report into the folder of the logs.</summary>
    /// <returns>What came out; null when the engine has no Metal backend.</returns>
    /// <exception cref="IOException">The report cannot be written.</exception>
    public async Task<MetalReport?> RunAsync(EngineBuild build, CancellationToken cancellationToken)
    {
        if (!File.Exists(build.MetalCheckTool))
            return null;
        string record = Path.Combine(paths.Logs, "metal-stage.record");
        File.Delete(record);
        var output = new StringBuilder();
        bool passes = await PassesAsync(build, record, output, cancellationToken).ConfigureAwait(false);
        string report = Path.Combine(paths.Logs, "metal-check.txt");
        await File.WriteAllTextAsync(report, $"engine {Path.GetFileName(build.Folder)}\n{output}", cancellationToken).ConfigureAwait(false);
        return new MetalReport(passes, Verdict(output.ToString()), report, File.Exists(record) ? record : null);
    }

    private async Task<bool> PassesAsync(EngineBuild build, string record, StringBuilder output, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ending.CancelAfter(limit);
        try
        {
            CommandResult result = await TetheredCommand.Wrap(build.MetalCheckTool, "--model", payload.DemoModel, "--record", record)
                .WithStandardOutputPipe(PipeTarget.ToStringBuilder(output))
                .WithStandardErrorPipe(PipeTarget.ToStringBuilder(output))
                .WithValidation(CommandResultValidation.None)
                .ExecuteAsync(ending.Token)
                .ConfigureAwait(false);
            // One that crashes prints no verdict.
            if (result.ExitCode is not (0 or 1))
                output.Append(CultureInfo.InvariantCulture, $"\nThe check of the GPU ended with {result.ExitCode}.\n");
            return result.IsSuccess;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            output.Append(CultureInfo.InvariantCulture, $"\nThe check of the GPU did not end within {limit.TotalSeconds:0} seconds.\n");
            return false;
        }
    }

    private static string Verdict(string output) =>
        output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault("The check of the GPU said nothing.");
}

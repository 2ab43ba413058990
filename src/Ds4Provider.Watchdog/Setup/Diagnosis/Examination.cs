using System.Globalization;
using System.Runtime.InteropServices;
using Ds4Provider.Watchdog.Hosting;
using Ds4Provider.Watchdog.Setup.Choosing;
using Ds4Provider.Watchdog.Setup.Engine;
using Ds4Provider.Watchdog.Setup.SelfTest;
using Ds4Provider.Watchdog.Setup.Weights;
using Ds4Provider.Watchdog.Supervision;
using Ds4Provider.Wire.Watchdog;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ds4Provider.Watchdog.Setup.Diagnosis;

/// <summary>
/// Looks at everything that a model needs on this machine, without changing more than a setup would: the engine is built
/// and tested if it is not yet and no watchdog runs.
/// </summary>
/// <param name="options">What a watchdog would be told.</param>
/// <param name="progress">Told the steps of a build.</param>
public sealed class Examination(WatchdogOptions options, Action<Progress> progress)
{
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private static readonly string[] ProxyVariables = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

    private readonly WatchdogPaths _paths = options.Paths;

    /// <summary>Looks, from the cheapest to the dearest.</summary>
    /// <param name="watchdogRuns">Whether a watchdog runs; then its engine has passed already.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async IAsyncEnumerable<Finding> RunAsync(
        bool watchdogRuns, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return Platform();
        Finding directory = StateDirectory();
        yield return directory;
        if (directory.Grade == FindingGrade.Bad)
            yield break;
        var machine = new Machine(_paths.Models);
        MachineProfile profile = machine.Inspect();
        yield return Processors(profile);
        yield return Memory(profile);
        IReadOnlyList<StoredWeights> stored = WeightInventory.Read(_paths);
        yield return Choice(profile, stored);
        yield return Weights(stored);
        yield return Hub();
        yield return Crashes();
        Finding tools = await ToolsAsync(cancellationToken).ConfigureAwait(false);
        yield return tools;
        if (tools.Grade == FindingGrade.Bad)
            yield break;
        (Finding engine, EngineBuild? build) = await EngineAsync(watchdogRuns, cancellationToken).ConfigureAwait(false);
        yield return engine;
        if (build is not null)
            yield return await MetalAsync(build, cancellationToken).ConfigureAwait(false);
    }

    private static Finding Platform()
    {
        string system = $"{RuntimeInformation.OSDescription}, {RuntimeInformation.OSArchitecture}, .NET {Environment.Version}";
        return OperatingSystem.IsLinux() && RuntimeInformation.OSArchitecture == Architecture.X64
            ? new Finding("platform", FindingGrade.Good, system)
            : new Finding("platform", FindingGrade.Note, $"{system}: not a platform on which ds4 was measured")
            {
                NextStep = "What is verified on which platform stands in the README's table.",
            };
    }

    private Finding StateDirectory()
    {
        try
        {
            _paths.CreateDirectories();
            UnixFileMode mode = File.GetUnixFileMode(_paths.StateDirectory);
            if ((mode & Others) != 0)
                return Bad("directory", $"{_paths.StateDirectory} can be read by others.", $"chmod 700 {_paths.StateDirectory}");
            string probe = Path.Combine(_paths.StateDirectory, $"doctor.{Environment.ProcessId}");
            File.WriteAllText(probe, "");
            File.Delete(probe);
            return Good("directory", $"{_paths.StateDirectory}, sockets in {_paths.SocketDirectory}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Bad("directory", exception.Message, "Set DS4_HOME to a directory of yours on a local disk.");
        }
    }

    private static Finding Processors(MachineProfile profile)
    {
        string text = $"{profile.Cores} cores{(profile.GpuWorkingSet is null ? "" : " and the GPU of an Apple chip")}";
        return profile.InstructionSets.Count > 0
            ? Good("processor", $"{text}; {string.Join(", ", profile.InstructionSets)}")
            : Note("processor", $"{text}, with none of the instruction sets that the engine is fast with", "The engine runs in portable C: replies will be slow.");
    }

    private static Finding Memory(MachineProfile profile)
    {
        string text = $"{Gibibytes(profile.Memory)} GiB of memory";
        if (profile.ContainerLimit is { } limit && limit < profile.Memory)
            text += $", a container's limit of {Gibibytes(limit)} GiB";
        if (profile.GpuWorkingSet is { } gpu)
            text += $", {Gibibytes(gpu)} GiB of it for the GPU";
        return Good("memory", $"{text}; {profile.FreeDisk / 1e9:0.0} GB of free disk".ToString(CultureInfo.InvariantCulture));
    }

    private Finding Choice(MachineProfile profile, IReadOnlyList<StoredWeights> stored)
    {
        try
        {
            VariantChoice choice = VariantChooser.Choose(
                profile, FlashManifest.Variants, options.Variant, variant => variant.FileBytes - stored.First(one => one.Variant == variant.Name).StoredBytes);
            return Good("model", $"DeepSeek V4 Flash ({choice.Variant.Name}), {choice.ContextWindow:N0} tokens of context, {choice.Slots} at a time");
        }
        catch (SetupException exception)
        {
            return Bad("model", exception.Failed.Message, exception.Failed.Hint);
        }
    }

    private static Finding Weights(IReadOnlyList<StoredWeights> all)
    {
        StoredWeights[] stored = [.. all.Where(one => one.StoredBytes > 0)];
        return stored.Length == 0
            ? Note("weights", "None yet.", "They are fetched at the first use, after the agent has asked.")
            : Good("weights", string.Join("; ", stored.Select(Describe)));
    }

    private static string Describe(StoredWeights one) => string.Create(
        CultureInfo.InvariantCulture,
        $"{one.Variant} {(one.IsComplete ? "complete" : $"{100 * one.StoredBytes / one.FileBytes} % there")}, {one.FileBytes / 1e9:0.0} GB");

    private Finding Hub()
    {
        string token = HubToken.Find(options.Environment) is null ? "no access token (none is needed)" : "an access token";
        string? proxy = ProxyVariables.FirstOrDefault(name => options.Environment(name) is { Length: > 0 });
        return Good("hub", $"{options.Hub.Authority}, {token}, {(proxy is null ? "no proxy" : $"the proxy of {proxy}; never for this machine's own addresses")}");
    }

    private static async Task<Finding> ToolsAsync(CancellationToken cancellationToken)
    {
        try
        {
            string tools = await Toolchain.DescribeAsync(cancellationToken).ConfigureAwait(false);
            IEnumerable<string> names = tools.Split('\n').Where(line => line.Contains(' ', StringComparison.Ordinal) && line.Any(char.IsAsciiDigit));
            return Good("compiler", string.Join(", ", names.Where(line => !line.Contains("Copyright", StringComparison.Ordinal)).Take(2)));
        }
        catch (SetupException exception)
        {
            return Bad("compiler", exception.Failed.Message, exception.Failed.Hint);
        }
    }

    /// <summary>The engine, and its build when it is this process that saw to it.</summary>
    private async Task<(Finding Finding, EngineBuild? Build)> EngineAsync(bool watchdogRuns, CancellationToken cancellationToken)
    {
        // Only the holder of this lock builds.
        using FileLock? alone = watchdogRuns ? null : FileLock.TryAcquire(_paths.WatchdogLock);
        if (alone is null)
            return (Good("engine", "a watchdog runs and sees to it"), null);
        var payload = new PayloadFolder(options.Payload);
        var builder = new EngineBuilder(
            payload, new PrebuiltEngine(payload, _paths, NullLogger<PrebuiltEngine>.Instance), _paths, NullLogger<EngineBuilder>.Instance);
        try
        {
            EngineBuild build = await new EngineSelfTest(payload, _paths, NullLogger<EngineSelfTest>.Instance).BuildAsync(builder, progress, cancellationToken).ConfigureAwait(false);
            return (Good("engine", $"built and tested: {build.Folder}"), build);
        }
        catch (SetupException exception)
        {
            return (Bad("engine", exception.Failed.Message, exception.Failed.Log is { } log ? $"{exception.Failed.Hint} Log: {log}" : exception.Failed.Hint), null);
        }
    }

    private async Task<Finding> MetalAsync(EngineBuild build, CancellationToken cancellationToken)
    {
        progress(new Progress(SetupPhase.Verifying, "Trying the GPU, stage by stage"));
        MetalReport? report = await new MetalCheck(new PayloadFolder(options.Payload), _paths, MetalCheck.DefaultLimit).RunAsync(build, cancellationToken).ConfigureAwait(false);
        return report switch
        {
            null => Good("metal", "this engine has no Metal backend; it computes on the CPU"),
            { Passes: true } => Good("metal", $"{report.Verdict} The whole report, for whoever wants to compare: {report.Path}"),
            _ => Bad("metal", report.Verdict, $"Send {report.Files} to the authors of ds4; nothing in it comes from a conversation."),
        };
    }

    private static string Gibibytes(long bytes) => (bytes / (double)(1L << 30)).ToString("0.0", CultureInfo.InvariantCulture);

    private Finding Crashes()
    {
        string? newest = CrashReports.List(_paths).FirstOrDefault();
        return newest is not null && DateTime.UtcNow - File.GetLastWriteTimeUtc(newest) < TimeSpan.FromDays(1)
            ? Note("crashes", $"the model server ended unexpectedly within the last day: {newest}", "Read the report; nothing in it comes from a conversation.")
            : Good("crashes", "none within the last day");
    }

    private static Finding Good(string subject, string text) => new(subject, FindingGrade.Good, text);

    private static Finding Note(string subject, string text, string next) => new(subject, FindingGrade.Note, text) { NextStep = next };

    private static Finding Bad(string subject, string text, string next) => new(subject, FindingGrade.Bad, text) { NextStep = next };
}

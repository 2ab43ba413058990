using System.ComponentModel;
using System.Text;
using CliWrap;
using Ds4Provider.Watchdog.Supervision;
using Ds4Provider.Wire.Files;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Watchdog.Hosting;

/// <summary>
/// Keeps folders out of backups: what is in them can be fetched or evaluated again, and is large. A tag file tells programs
/// that follow the Cache Directory Tagging Specification; macOS is told through its own program, once.
/// </summary>
/// <param name="command">The program and its first arguments, to which folders are added; null = the system has none.</param>
/// <param name="logger">The log.</param>
public sealed partial class BackupExclusion(LaunchCommand? command, ILogger<BackupExclusion> logger)
{
    /// <summary>Name of the tag file.</summary>
    public const string TagName = "CACHEDIR.TAG";

    private const string Tag = "Signature: 8a477f597d28d172789f06886806bc55\n# Made by ds4: this can be fetched or evaluated again. See https://bford.info/cachedir/\n";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>How macOS is told.</summary>
    public static LaunchCommand? SystemCommand { get; } = OperatingSystem.IsMacOS() ? new LaunchCommand("/usr/bin/tmutil", "addexclusion") : null;

    /// <summary>Keeps folders out of backups, unless they are out already. What cannot be done is logged, and tried again next time.</summary>
    /// <param name="folders">The folders, which exist.</param>
    /// <param name="cancellationToken">Ends the wait for the system's program.</param>
    public async Task ExcludeAsync(IReadOnlyList<string> folders, CancellationToken cancellationToken)
    {
        string[] untold = [.. folders.Where(folder => !File.Exists(Path.Combine(folder, TagName)))];
        try
        {
            if (untold.Length == 0 || (command is not null && !await TellSystemAsync(command, untold, cancellationToken).ConfigureAwait(false)))
                return;
            foreach (string folder in untold)
                AtomicFile.Write(Path.Combine(folder, TagName), Encoding.ASCII.GetBytes(Tag));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or Win32Exception)
        {
            LogNotExcluded(logger, string.Join(", ", untold), failure.Message);
        }
    }

    private async Task<bool> TellSystemAsync(LaunchCommand told, string[] folders, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        string ending;
        try
        {
            CommandResult result = await Cli.Wrap(told.Executable)
                .WithArguments([.. told.Arguments, .. folders])
                .WithValidation(CommandResultValidation.None)
                .ExecuteAsync(limit.Token)
                .ConfigureAwait(false);
            if (result.IsSuccess)
                return true;
            ending = $"ended with {result.ExitCode}";
        }
        catch (OperationCanceledException)
        {
            ending = "did not end";
        }
        LogNotExcluded(logger, string.Join(", ", folders), $"{told.Executable} {ending}");
        return false;
    }

    [LoggerMessage(LogLevel.Information, "Backups may hold {Folders}: {Reason}")]
    private static partial void LogNotExcluded(ILogger logger, string folders, string reason);
}

using System.Globalization;
using Ds4Provider.Watchdog.Setup.Choosing;
using Ds4Provider.Wire.Watchdog;
using Microsoft.Extensions.Logging;
using Polly;

namespace Ds4Provider.Watchdog.Setup.Weights.Download;

/// <summary>Fetches the weights of a variant, completely and checked, or says why it cannot.</summary>
internal sealed partial class Downloader(DownloadSetting setting, ILogger<Downloader> logger)
{
    // A second whole download after a wrong one; a third would be no better.
    private const int MostDownloads = 2;

    /// <summary>Where weights come from, for people.</summary>
    public string OriginName => setting.Origin.Name;

    /// <summary>Asks the hub what a file holds.</summary>
    /// <param name="variant">The file.</param>
    /// <param name="progress">Told of trouble.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="SetupException">The hub has no such file, or cannot be reached.</exception>
    public async Task<HubFile> ResolveAsync(ModelVariant variant, Action<Progress> progress, CancellationToken cancellationToken)
    {
        progress(new Progress(SetupPhase.Downloading, $"Asking {setting.Origin.Name} for the {variant.Name} weights"));
        ResiliencePipeline retry = OriginRetry.Create(setting.Limits.ResolveTries, setting.Limits, (reason, wait) =>
            progress(new Progress(SetupPhase.Downloading, $"{reason}; trying again in {Math.Ceiling(wait.TotalSeconds):0} s")));
        try
        {
            return await retry.ExecuteAsync(async token =>
                await setting.Origin.ResolveAsync(variant, token).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        }
        catch (OriginTroubleException trouble)
        {
            throw Unreachable(variant, trouble, "Check the network and, if one is needed, HTTPS_PROXY; then try again.");
        }
    }

    /// <summary>Completes <see cref="WeightFiles.Partial"/>.</summary>
    /// <returns>What it holds: its hash was checked.</returns>
    /// <exception cref="SetupException">It cannot be completed now; what has arrived is kept.</exception>
    public async Task<HubFile> FetchAsync(ModelVariant variant, WeightFiles files, Action<Progress> progress, CancellationToken cancellationToken)
    {
        bool whole = false;
        for (int downloads = 1; ;)
        {
            HubFile hub = await ResolveAsync(variant, progress, cancellationToken).ConfigureAwait(false);
            try
            {
                string sha256 = await RunPassAsync(variant, files, hub, whole, progress, cancellationToken).ConfigureAwait(false);
                if (sha256 == hub.Sha256)
                    return hub;
                LogWrongContent(logger, variant.FileName, sha256, hub.Sha256);
                Discard(files);
                if (downloads++ == MostDownloads)
                    throw WrongContent(variant, sha256, hub.Sha256);
            }
            catch (RangesUnsupportedException) when (!whole)
            {
                LogWhole(logger, hub.Location.Authority);
                whole = true;
            }
            catch (ContentChangedException changed)
            {
                LogChanged(logger, changed.Message);
                if (downloads++ == MostDownloads)
                    throw new SetupException(FailureReason.DownloadFailed, changed.Message, "Try again later.");
            }
        }
    }

    /// <summary>Removes what has arrived.</summary>
    public static void Discard(WeightFiles files)
    {
        File.Delete(files.PartialState);
        File.Delete(files.Partial);
    }

    private async Task<string> RunPassAsync(
        ModelVariant variant, WeightFiles files, HubFile hub, bool whole, Action<Progress> progress, CancellationToken cancellationToken)
    {
        using var pass = new DownloadPass(setting, variant, files, hub);
        LogFetching(logger, variant.FileName, hub.Sha256, hub.Revision ?? "unknown", pass.DoneBytes);
        try
        {
            return await pass.RunAsync(whole, progress, cancellationToken).ConfigureAwait(false);
        }
        catch (OriginTroubleException trouble)
        {
            string kept = string.Create(CultureInfo.InvariantCulture, $"{pass.DoneBytes / 1e9:0.0} of {variant.FileBytes / 1e9:0.0} GB have arrived and are kept");
            throw Unreachable(variant, trouble, $"{kept}. Check the network and try again: the download goes on where it stopped.");
        }
    }

    private static SetupException Unreachable(ModelVariant variant, OriginTroubleException trouble, string hint) =>
        new(FailureReason.DownloadFailed, $"The {variant.Name} weights cannot be fetched: {trouble.Message}.", hint);

    private static SetupException WrongContent(ModelVariant variant, string found, string wanted) => new(
        FailureReason.WeightsInvalid,
        $"{variant.FileName} arrived twice with the content {found} instead of {wanted}; it was removed.",
        "A proxy on the way or the memory of this machine damages data. Try another network.");

    [LoggerMessage(LogLevel.Information, "Fetching {File}, content {Sha256}, revision {Revision}; {Done} bytes are there")]
    private static partial void LogFetching(ILogger logger, string file, string sha256, string revision, long done);

    [LoggerMessage(LogLevel.Warning, "{File} arrived with the content {Found} instead of {Wanted}: it is fetched again")]
    private static partial void LogWrongContent(ILogger logger, string file, string found, string wanted);

    [LoggerMessage(LogLevel.Warning, "{Host} serves no parts of files: one connection fetches all")]
    private static partial void LogWhole(ILogger logger, string host);

    [LoggerMessage(LogLevel.Warning, "{Reason} The download begins anew")]
    private static partial void LogChanged(ILogger logger, string reason);
}

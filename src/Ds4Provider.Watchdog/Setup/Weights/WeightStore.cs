using System.Globalization;
using Ds4Provider.Watchdog.Posix;
using Ds4Provider.Watchdog.Setup.Choosing;
using Ds4Provider.Watchdog.Setup.Weights.Download;
using Ds4Provider.Wire.Files;
using Ds4Provider.Wire.Watchdog;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Ds4Provider.Watchdog.Setup.Weights;

/// <summary>
/// The weights of the state directory: those that are there and were checked, else those that a person put there, else
/// those of another program, else fetched ones. A file gets its final name only after its content was checked.
/// </summary>
/// <param name="directory">Where weights are kept.</param>
/// <param name="downloader">Fetches. Made when it is needed first: weights that are there need no HTTP in memory.</param>
/// <param name="environment">Reads a variable.</param>
/// <param name="logger">The log.</param>
internal sealed partial class WeightStore(
    string directory, Lazy<Downloader> downloader, Func<string, string?> environment, ILogger<WeightStore> logger) : IWeightStore
{
    public long MissingBytes(ModelVariant variant)
    {
        var files = new WeightFiles(directory, variant);
        if (File.Exists(files.Complete) || KnownFolders.Find(variant, environment).Any())
            return 0;
        return variant.FileBytes - (DownloadPass.Resume(files, variant, hub: null)?.DoneBytes ?? 0);
    }

    public async Task<string> EnsureAsync(
        ModelVariant variant, Func<bool> mayDownload, Action<Progress> progress, CancellationToken cancellationToken)
    {
        var files = new WeightFiles(directory, variant);
        if (IsChecked(files, variant))
            return files.Complete;
        using FileLock alone = await LockAsync(files, progress, cancellationToken).ConfigureAwait(false);
        bool there = IsChecked(files, variant) // Another process was faster.
            || await AcceptAsync(files, variant, progress, cancellationToken).ConfigureAwait(false)
            || await AdoptAsync(files, variant, progress, cancellationToken).ConfigureAwait(false);
        if (!there)
            await DownloadAsync(files, variant, mayDownload, progress, cancellationToken).ConfigureAwait(false);
        return files.Complete;
    }

    private static async Task<FileLock> LockAsync(WeightFiles files, Action<Progress> progress, CancellationToken cancellationToken)
    {
        if (FileLock.TryAcquire(files.Lock) is { } free)
            return free;
        progress(new Progress(SetupPhase.Waiting, "Another process works on these weights"));
        return await FileLock.AcquireAsync(files.Lock, cancellationToken).ConfigureAwait(false);
    }

    private static bool IsChecked(WeightFiles files, ModelVariant variant) =>
        files.ReadReceipt() is { } receipt
        && receipt.Size == variant.FileBytes
        && (variant.Sha256 is null || variant.Sha256 == receipt.Sha256);

    /// <summary>Checks a file that somebody put under the final name.</summary>
    private async Task<bool> AcceptAsync(
        WeightFiles files, ModelVariant variant, Action<Progress> progress, CancellationToken cancellationToken)
    {
        var file = new FileInfo(files.Complete);
        if (!file.Exists)
            return false;
        if (file.Length != variant.FileBytes)
            throw WrongSize(variant, file);
        string? wanted = variant.Sha256 ?? await AnnouncedAsync(variant, progress, cancellationToken).ConfigureAwait(false);
        string found = await HashAsync(file, variant, progress, cancellationToken).ConfigureAwait(false);
        if (wanted is not null && wanted != found)
            throw WrongContent(variant, file, found, wanted);
        // Without anybody to ask, the person who put it there is believed; the engine checks its structure in any case.
        WriteReceipt(files, WeightReceipt.Of(file, found, wanted is null ? "put there, not compared with the hub" : "put there", revision: null));
        return true;
    }

    private async Task<bool> AdoptAsync(
        WeightFiles files, ModelVariant variant, Action<Progress> progress, CancellationToken cancellationToken)
    {
        File.Delete(files.Adopted);
        string[] candidates = [.. KnownFolders.Find(variant, environment)];
        if (candidates.Length == 0)
            return false;
        string? wanted = variant.Sha256 ?? await AnnouncedAsync(variant, progress, cancellationToken).ConfigureAwait(false);
        foreach (string candidate in wanted is null ? [] : candidates)
        {
            if (await TryAdoptAsync(candidate, wanted!, files, variant, progress, cancellationToken).ConfigureAwait(false))
                return true;
        }
        return false;
    }

    private async Task<bool> TryAdoptAsync(
        string candidate, string wanted, WeightFiles files, ModelVariant variant, Action<Progress> progress, CancellationToken cancellationToken)
    {
        if (!FileClone.TryCreate(candidate, files.Adopted))
        {
            LogOutOfReach(logger, candidate);
            return false;
        }
        var file = new FileInfo(files.Adopted);
        string found = await HashAsync(file, variant, progress, cancellationToken).ConfigureAwait(false);
        if (found != wanted)
        {
            LogOtherContent(logger, candidate, found, wanted);
            file.Delete();
            return false;
        }
        LogAdopted(logger, candidate);
        Publish(files.Adopted, files, WeightReceipt.Of(file, found, candidate, revision: null));
        return true;
    }

    private async Task DownloadAsync(
        WeightFiles files, ModelVariant variant, Func<bool> mayDownload, Action<Progress> progress, CancellationToken cancellationToken)
    {
        if (!mayDownload())
            throw DownloadNeeded(variant);
        HubFile hub = await downloader.Value.FetchAsync(variant, files, progress, cancellationToken).ConfigureAwait(false);
        Publish(files.Partial, files, WeightReceipt.Of(new FileInfo(files.Partial), hub.Sha256, downloader.Value.OriginName, hub.Revision));
        File.Delete(files.PartialState);
        LogComplete(logger, variant.FileName, hub.Sha256, hub.Revision ?? "unknown");
    }

    /// <summary>The hash that the hub tells, or null when it cannot be asked.</summary>
    private async Task<string?> AnnouncedAsync(ModelVariant variant, Action<Progress> progress, CancellationToken cancellationToken)
    {
        try
        {
            return (await downloader.Value.ResolveAsync(variant, progress, cancellationToken).ConfigureAwait(false)).Sha256;
        }
        catch (SetupException exception)
        {
            LogNobodyToAsk(logger, exception.Message);
            return null;
        }
    }

    private static async Task<string> HashAsync(
        FileInfo file, ModelVariant variant, Action<Progress> progress, CancellationToken cancellationToken)
    {
        long told = 0;
        using SafeFileHandle handle = File.OpenHandle(file.FullName);
        return await Task.Run(() => ContentHash.ComputeAsync(handle, variant.FileBytes, _ => ValueTask.FromResult(variant.FileBytes), hashed =>
        {
            if (hashed - told < variant.FileBytes / 100 && hashed < variant.FileBytes)
                return;
            told = hashed;
            progress(DownloadMeter.Checking(variant.Name, hashed, variant.FileBytes));
        }, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    // The receipt comes first: a name without receipt would be read once more, a receipt without name says nothing.
    private static void Publish(string draft, WeightFiles files, WeightReceipt receipt)
    {
        WriteReceipt(files, receipt);
        File.Move(draft, files.Complete, overwrite: true);
        DirectorySync.Flush(Path.GetDirectoryName(files.Complete)!);
    }

    private static void WriteReceipt(WeightFiles files, WeightReceipt receipt) => AtomicFile.Write(files.Receipt, receipt.ToJson());

    private SetupException DownloadNeeded(ModelVariant variant)
    {
        long missing = MissingBytes(variant) is > 0 and var bytes ? bytes : variant.FileBytes;
        return new SetupException(new Failed(
            FailureReason.DownloadNeeded,
            string.Create(CultureInfo.InvariantCulture, $"{missing / 1e9:0.0} GB of {variant.Name} weights must be fetched from {downloader.Value.OriginName}."),
            "Allow the download.")
        {
            NeededBytes = missing,
        });
    }

    private static SetupException WrongSize(ModelVariant variant, FileInfo file) => new(
        FailureReason.WeightsInvalid,
        string.Create(CultureInfo.InvariantCulture, $"{file.FullName} has {file.Length:N0} bytes; the {variant.Name} weights have {variant.FileBytes:N0}."),
        "Remove the file, and the weights are fetched; or replace it by a complete one.");

    private static SetupException WrongContent(ModelVariant variant, FileInfo file, string found, string wanted) => new(
        FailureReason.WeightsInvalid,
        $"{file.FullName} has the content {found}; the {variant.Name} weights have {wanted}.",
        "Remove the file, and the weights are fetched.");

    [LoggerMessage(LogLevel.Information, "{File} is complete: content {Sha256}, revision {Revision}")]
    private static partial void LogComplete(ILogger logger, string file, string sha256, string revision);

    [LoggerMessage(LogLevel.Information, "The weights of {Path} are used as well")]
    private static partial void LogAdopted(ILogger logger, string path);

    [LoggerMessage(LogLevel.Information, "{Path} cannot be used: it is on another file system")]
    private static partial void LogOutOfReach(ILogger logger, string path);

    [LoggerMessage(LogLevel.Information, "{Path} cannot be used: it has the content {Found} instead of {Wanted}")]
    private static partial void LogOtherContent(ILogger logger, string path, string found, string wanted);

    [LoggerMessage(LogLevel.Warning, "The content of weights that are there cannot be compared: {Reason}")]
    private static partial void LogNobodyToAsk(ILogger logger, string reason);
}

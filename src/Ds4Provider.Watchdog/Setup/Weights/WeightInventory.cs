using Ds4Provider.Watchdog.Setup.Choosing;
using Ds4Provider.Watchdog.Setup.Weights.Download;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Watchdog.Setup.Weights;

/// <summary>What is there of the weights of one variant.</summary>
/// <param name="Variant">Short name, as in <c>DS4_MODEL_QUANT</c>.</param>
/// <param name="FileName">Name of the GGUF.</param>
/// <param name="FileBytes">Its size when complete.</param>
/// <param name="StoredBytes">Bytes that have arrived; all of them when it is complete.</param>
public sealed record StoredWeights(string Variant, string FileName, long FileBytes, long StoredBytes)
{
    /// <summary>Whether all bytes are there.</summary>
    public bool IsComplete => StoredBytes == FileBytes;

    /// <summary>SHA-256 of the content, when it was checked.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Where it came from, when it was checked.</summary>
    public string? Source { get; init; }
}

/// <summary>The weights in the state directory.</summary>
public static class WeightInventory
{
    /// <summary>Names of all variants.</summary>
    public static IReadOnlyList<string> Variants { get; } = [.. FlashManifest.Variants.Select(variant => variant.Name)];

    /// <summary>All variants, stored or not.</summary>
    /// <param name="paths">The state directory.</param>
    public static IReadOnlyList<StoredWeights> Read(WatchdogPaths paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        return [.. FlashManifest.Variants.Select(variant => Read(variant, new WeightFiles(paths.Models, variant)))];
    }

    /// <summary>Removes what is there of a variant. Nobody may be using it: the caller has asked the watchdog.</summary>
    /// <returns>Bytes that were removed.</returns>
    /// <exception cref="IOException">A download or a check is at work on them, or they cannot be removed.</exception>
    /// <exception cref="ArgumentException">There is no such variant.</exception>
    public static long Remove(WatchdogPaths paths, string variant)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ModelVariant known = FlashManifest.Variants.FirstOrDefault(one => one.Name == variant)
            ?? throw new ArgumentException($"There is no variant {variant}.", nameof(variant));
        if (!Directory.Exists(paths.Models))
            return 0;
        var files = new WeightFiles(paths.Models, known);
        using FileLock alone = FileLock.TryAcquire(files.Lock) ?? throw new IOException($"The {variant} weights are being fetched or checked; stop ds4 first (`ds4 stop`).");
        long bytes = 0;
        foreach (string path in (string[])[files.Complete, files.Partial, files.PartialState, files.Receipt, files.Adopted])
        {
            bytes += File.Exists(path) ? new FileInfo(path).Length : 0;
            File.Delete(path);
        }
        return bytes;
    }

    private static StoredWeights Read(ModelVariant variant, WeightFiles files)
    {
        var complete = new FileInfo(files.Complete);
        if (!complete.Exists || complete.Length != variant.FileBytes)
            return new StoredWeights(variant.Name, variant.FileName, variant.FileBytes, DownloadPass.Resume(files, variant, hub: null)?.DoneBytes ?? 0);
        WeightReceipt? receipt = files.ReadReceipt();
        return new StoredWeights(variant.Name, variant.FileName, variant.FileBytes, variant.FileBytes)
        {
            Sha256 = receipt?.Sha256,
            Source = receipt?.Source,
        };
    }
}

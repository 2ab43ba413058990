using Ds4Provider.Watchdog.Setup.Choosing;

namespace Ds4Provider.Watchdog.Setup.Weights;

/// <summary>Where other programs keep the same weights. Their files are never moved, changed or removed.</summary>
internal static class KnownFolders
{
    /// <summary>Files that have name and size of a variant.</summary>
    /// <param name="variant">The variant.</param>
    /// <param name="environment">Reads a variable.</param>
    public static IEnumerable<string> Find(ModelVariant variant, Func<string, string?> environment) =>
        Folders(environment)
            .Select(folder => Path.Combine(folder, variant.FileName))
            .Where(path => File.Exists(path) && Target(path) is { Exists: true } file && file.Length == variant.FileBytes)
            .Select(path => Target(path).FullName);

    private static IEnumerable<string> Folders(Func<string, string?> environment)
    {
        if (environment("HOME") is { Length: > 0 } home)
            yield return Path.Combine(home, ".pi", "ds4", "support", "gguf");
        if (HubToken.HubHome(environment) is not { } hub)
            yield break;
        string snapshots = Path.Combine(hub, "hub", "models--" + FlashManifest.Repository.Replace("/", "--", StringComparison.Ordinal), "snapshots");
        if (!Directory.Exists(snapshots))
            yield break;
        foreach (string snapshot in Directory.EnumerateDirectories(snapshots))
            yield return snapshot;
    }

    // The hub's own cache holds links to content-named files.
    private static FileInfo Target(string path) => File.ResolveLinkTarget(path, returnFinalTarget: true) as FileInfo ?? new FileInfo(path);
}

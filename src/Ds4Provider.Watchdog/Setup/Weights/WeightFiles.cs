using Ds4Provider.Watchdog.Setup.Choosing;

namespace Ds4Provider.Watchdog.Setup.Weights;

/// <summary>The names of all files that belong to the weights of a variant.</summary>
internal sealed class WeightFiles(string directory, ModelVariant variant)
{
    /// <summary>The complete weights; nothing else ever has this name.</summary>
    public string Complete { get; } = Path.Combine(directory, variant.FileName);

    /// <summary>See <see cref="WeightReceipt"/>.</summary>
    public string Receipt => Complete + ".receipt";

    /// <summary>Weights that are being fetched.</summary>
    public string Partial => Complete + ".partial";

    /// <summary>See <see cref="Download.PartialState"/>.</summary>
    public string PartialState => Complete + ".partial.state";

    /// <summary>A file of another program while it is being checked: a clone or a hard link.</summary>
    public string Adopted => Complete + ".adopted";

    /// <summary>What the complete file was found to hold; null when nobody looked at it as it is now.</summary>
    public WeightReceipt? ReadReceipt() =>
        File.Exists(Receipt) && WeightReceipt.Parse(File.ReadAllBytes(Receipt)) is { } receipt && receipt.SpeaksOf(new FileInfo(Complete)) ? receipt : null;

    /// <summary>Held by whoever writes any of the others.</summary>
    public string Lock => Complete + ".lock";
}

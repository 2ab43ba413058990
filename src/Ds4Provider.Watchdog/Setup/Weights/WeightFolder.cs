using System.Globalization;
using Ds4Provider.Watchdog.Setup.Choosing;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Watchdog.Setup.Weights;

/// <summary>Weights that a person has put into the state directory. This version does not download any.</summary>
internal sealed class WeightFolder(string directory) : IWeightStore
{
    public long MissingBytes(ModelVariant variant) =>
        File.Exists(Path.Combine(directory, variant.FileName)) ? 0 : variant.FileBytes;

    public Task<string> EnsureAsync(ModelVariant variant, Action<Progress> progress, CancellationToken cancellationToken)
    {
        var file = new FileInfo(Path.Combine(directory, variant.FileName));
        if (!file.Exists)
            throw Missing(variant);
        if (file.Length != variant.FileBytes)
            throw WrongSize(variant, file);
        return Task.FromResult(file.FullName);
    }

    private SetupException Missing(ModelVariant variant) => new(
        FailureReason.WeightsMissing,
        $"{variant.FileName} ({Bytes(variant.FileBytes)} bytes) is not in {directory}, and this version of ds4 does not download weights yet.",
        "Put the file there, or use ds4/demo.");

    private static SetupException WrongSize(ModelVariant variant, FileInfo file) => new(
        FailureReason.WeightsInvalid,
        $"{file.FullName} has {Bytes(file.Length)} bytes; the {variant.Name} weights have {Bytes(variant.FileBytes)}.",
        "Replace the file by a complete one of that size.");

    private static string Bytes(long bytes) => bytes.ToString("N0", CultureInfo.InvariantCulture);
}

using Ds4Provider.Watchdog.Setup.Choosing;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Watchdog.Setup.Weights;

/// <summary>Where the weights of a variant come from.</summary>
internal interface IWeightStore
{
    /// <summary>Bytes that are still to be stored on disk.</summary>
    long MissingBytes(ModelVariant variant);

    /// <summary>Path of the complete file.</summary>
    /// <exception cref="SetupException">The file is not there and cannot be made to be.</exception>
    Task<string> EnsureAsync(ModelVariant variant, Action<Progress> progress, CancellationToken cancellationToken);
}

using Ds4Provider.Watchdog.Setup.Choosing;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Watchdog.Setup.Weights;

/// <summary>Where the weights of a variant come from.</summary>
internal interface IWeightStore
{
    /// <summary>Bytes that are still to be stored on disk.</summary>
    long MissingBytes(ModelVariant variant);

    /// <summary>Makes the weights be there.</summary>
    /// <param name="variant">Which ones.</param>
    /// <param name="mayDownload">Asked when nothing but a download helps.</param>
    /// <param name="progress">Told every step.</param>
    /// <param name="cancellationToken">Ends it; what has arrived is kept.</param>
    /// <returns>Path of the complete file, whose content was checked.</returns>
    /// <exception cref="SetupException">The file is not there and cannot be made to be.</exception>
    Task<string> EnsureAsync(ModelVariant variant, Func<bool> mayDownload, Action<Progress> progress, CancellationToken cancellationToken);
}

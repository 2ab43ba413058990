namespace Clients.Specs.Installation;

/// <summary>A program that npm delivers, without install scripts.</summary>
/// <param name="Name">Name in the registry.</param>
/// <param name="Version">The exact version.</param>
/// <param name="Program">Path of what is run, in the package or, where that has dependencies, in the tree.</param>
internal sealed record NpmPackage(string Name, string Version, string Program)
{
    /// <summary>
    /// Where the package is not whole: the day whose newest dependencies are taken, so that they are the same ever after.
    /// </summary>
    public string? DependenciesOf { get; init; }

    /// <summary>What npm is asked for.</summary>
    public string Specifier => $"{Name}@{Version}";

    /// <summary>Name of the folder that it is installed to.</summary>
    public string Folder => $"{Name.TrimStart('@').Replace('/', '-')}-{Version}";
}

namespace Clients.Specs.Installation;

/// <summary>A program that npm delivers as one package, whole and without install scripts.</summary>
/// <param name="Name">Name in the registry.</param>
/// <param name="Version">The exact version.</param>
/// <param name="Program">Path in the package of what is run.</param>
internal sealed record NpmPackage(string Name, string Version, string Program)
{
    /// <summary>What npm is asked for.</summary>
    public string Specifier => $"{Name}@{Version}";

    /// <summary>Name of the folder that it is installed to.</summary>
    public string Folder => $"{Name.TrimStart('@').Replace('/', '-')}-{Version}";
}

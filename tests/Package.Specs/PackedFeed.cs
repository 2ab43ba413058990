using System.Runtime.InteropServices;

namespace Package.Specs;

/// <summary>
/// The packages of these sources, packed once for all specs, and an empty package cache: what is tested is what was packed
/// now, not what some earlier run left on this machine.
/// </summary>
public sealed class PackedFeed : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ds4-pack-");

    /// <summary>What is packed.</summary>
    public static IReadOnlyList<string> Projects { get; } = ["AgentHost.Abstractions", "Ds4Provider", "ds4"];

    /// <summary>The platform of this machine, the only one whose payload is packed here.</summary>
    public static string Platform => (OperatingSystem.IsMacOS() ? "osx-" : "linux-")
        + RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();

    /// <summary>A folder for whatever the specs make, outside the repository.</summary>
    public string Folder => _folder.FullName;

    /// <summary>The folder of the packages.</summary>
    public string Packages => Path.Combine(Folder, "feed");

    /// <summary>What restores with the packed feed need.</summary>
    public IReadOnlyDictionary<string, string?> Variables => new Dictionary<string, string?> { ["NUGET_PACKAGES"] = Path.Combine(Folder, "cache") };

    public async ValueTask InitializeAsync()
    {
        // The sources of the machine stay: they bring what is not ours.
        await File.WriteAllTextAsync(
            Path.Combine(Folder, "nuget.config"),
            $"""<configuration><packageSources><add key="packed" value="{Packages}" /></packageSources></configuration>""");
        foreach (string project in Projects)
            await PackAsync(project, Packages, Path.Combine(Folder, "build"), CancellationToken.None);
    }

    public ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>Packs a project; builds it in a folder that is not the repository's.</summary>
    internal static Task<string> PackAsync(string project, string packages, string build, CancellationToken cancellationToken) =>
        DotnetCommand.RunAsync(
            BuildOutput.Root,
            new Dictionary<string, string?>(),
            "dotnet",
            [
                "pack", Path.Combine("src", project), "-c", "Release", "-o", packages, "--artifacts-path", build,
                "-m:1", "-nologo", "-v", "quiet", $"-p:Ds4PayloadRuntimes={Platform}",
                // The build of the solution has them.
                "-p:RunAnalyzers=false", "-p:EnforceCodeStyleInBuild=false",
            ],
            cancellationToken);
}

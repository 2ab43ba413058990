using System.IO.Compression;
using System.Security.Cryptography;

namespace Package.Specs;

/// <summary>Packages as files.</summary>
public sealed class ReproductionSpecs(PackedFeed feed)
{
    // Trimming makes the library's two minutes: it comes along when it is asked for. The tool has the same assemblies of ours.
    private static readonly IReadOnlyList<string> PackedAgain =
        Environment.GetEnvironmentVariable("DS4_REPACK") == "all" ? PackedFeed.Projects : ["AgentHost.Abstractions", "ds4"];

    [Fact(Timeout = 420_000)]
    public async Task What_is_compiled_and_packed_once_more_is_the_same_to_the_last_byte()
    {
        string packages = Path.Combine(feed.Folder, "again");
        // The same folder, which compilers write into programs, and nothing of the first build in it.
        string build = Path.Combine(feed.Folder, "build");
        string kept = Path.Combine(feed.Folder, "kept");
        Directory.Move(build, kept);
        try
        {
            foreach (string project in PackedAgain)
                await PackedFeed.PackAsync(project, packages, build, TestContext.Current.CancellationToken);
        }
        finally
        {
            Directory.Delete(build, recursive: true);
            Directory.Move(kept, build);
        }

        string[] names = [.. Directory.EnumerateFiles(packages).Select(file => Path.GetFileName(file))];
        names.ShouldBeSubsetOf(Directory.EnumerateFiles(feed.Packages).Select(file => Path.GetFileName(file)));
        foreach (string project in PackedAgain)
            names.ShouldContain($"{project}.0.1.0.nupkg");
        foreach (string name in names)
            Hash(Path.Combine(packages, name)).ShouldBe(Hash(Path.Combine(feed.Packages, name)), Difference(name, packages, feed.Packages));
    }

    [Fact]
    public void The_library_carries_everything_and_depends_on_no_server()
    {
        using ZipArchive package = ZipFile.OpenRead(Path.Combine(feed.Packages, "Ds4Provider.0.1.0.nupkg"));
        string[] names = [.. package.Entries.Select(entry => entry.FullName)];

        names.ShouldContain("lib/net10.0/Ds4Provider.Wire.dll");
        names.ShouldContain("lib/net10.0/extension.json");
        names.ShouldContain($"ds4-payload/{PackedFeed.Platform}/ds4");
        names.ShouldContain("ds4-payload/common/native/Makefile");
        names.ShouldContain("ds4-payload/common/models/ds4-demo.gguf");
        names.ShouldContain("ds4-payload/common/selftest/selftest.f32");
        names.ShouldContain("README.md");
        names.ShouldContain("LICENSE");
        using var reader = new StreamReader(package.GetEntry("Ds4Provider.nuspec")!.Open());
        string specification = reader.ReadToEnd();
        specification.ShouldContain("AgentHost.Abstractions");
        specification.ShouldNotContain("AspNetCore");
        specification.ShouldNotContain("Ds4Provider.Wire");
    }

    [Fact]
    public void The_manifest_is_what_a_consumer_gets()
    {
        using ZipArchive package = ZipFile.OpenRead(Path.Combine(feed.Packages, "Ds4Provider.0.1.0.nupkg"));
        string platform = $"ds4-payload/{PackedFeed.Platform}/";
        using var reader = new StreamReader(package.GetEntry(platform + "manifest.sha256")!.Open());
        string[] listed = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);

        string[] packed =
        [
            .. package.Entries
                .Where(entry => entry.FullName.StartsWith("ds4-payload/", StringComparison.Ordinal) && entry.Name != "manifest.sha256")
                .Select(entry => $"{HashOf(entry)}  {entry.FullName.Replace(platform, "", StringComparison.Ordinal).Replace("ds4-payload/common/", "", StringComparison.Ordinal)}"),
        ];

        packed.Order(StringComparer.Ordinal).ShouldBe(listed.Order(StringComparer.Ordinal));
    }

    // Which entries differ; the package alone would not tell where to look.
    private static string Difference(string name, string left, string right)
    {
        using ZipArchive first = ZipFile.OpenRead(Path.Combine(left, name));
        using ZipArchive second = ZipFile.OpenRead(Path.Combine(right, name));
        HashSet<string> known = [.. second.Entries.Select(Describe)];
        return $"{name}: {string.Join(", ", first.Entries.Where(entry => !known.Contains(Describe(entry))).Select(entry => entry.FullName))}";

        static string Describe(ZipArchiveEntry entry) => $"{entry.FullName} {entry.LastWriteTime:O} {HashOf(entry)}";
    }

    private static string HashOf(ZipArchiveEntry entry)
    {
        using Stream stream = entry.Open();
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private static string Hash(string file) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));
}

using System.IO.Compression;
using System.Security.Cryptography;

namespace Package.Specs;

/// <summary>Packages as files.</summary>
public sealed class ReproductionSpecs(PackedFeed feed)
{
    // Not so ds4: the compiler's generator of log messages writes their classes in an order that changes from run to run.
    [Fact(Timeout = 240_000)]
    public async Task The_contract_compiled_and_packed_once_more_is_the_same_to_the_last_byte()
    {
        const string project = "AgentHost.Abstractions";
        string packages = Path.Combine(feed.Folder, "again", project);
        // The same folder, which compilers write into programs, and nothing of the first build in it.
        string build = Path.Combine(feed.Folder, "build");
        string kept = Path.Combine(feed.Folder, "kept");
        Directory.Move(build, kept);
        try
        {
            await PackedFeed.PackAsync(project, packages, build, TestContext.Current.CancellationToken);
        }
        finally
        {
            Directory.Delete(build, recursive: true);
            Directory.Move(kept, build);
        }

        foreach (string name in (string[])[$"{project}.0.1.0.nupkg", $"{project}.0.1.0.snupkg"])
            Hash(Path.Combine(packages, name)).ShouldBe(Hash(Path.Combine(feed.Packages, name)), name);
    }

    [Fact]
    public void The_library_carries_everything_and_depends_on_no_server()
    {
        using ZipArchive package = ZipFile.OpenRead(Path.Combine(feed.Packages, "Ds4Provider.0.1.0.nupkg"));
        string[] names = [.. package.Entries.Select(entry => entry.FullName)];

        names.ShouldContain("lib/net10.0/Ds4Provider.Wire.dll");
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

    private static string HashOf(ZipArchiveEntry entry)
    {
        using Stream stream = entry.Open();
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private static string Hash(string file) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));
}

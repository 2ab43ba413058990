using System.Formats.Tar;
using System.IO.Compression;

namespace Clients.Specs.Installation;

public sealed class PackageCacheSpecs : IDisposable
{
    private static readonly NpmPackage Package = new("@somebody/tool", "1.2.3", "bin/tool");

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ds4-cache-");

    private string Cache => Path.Combine(folder.FullName, "cache");

    private string Calls => Path.Combine(folder.FullName, "calls");

    [Fact(Timeout = 30_000)]
    public async Task A_package_is_installed_whole_and_its_program_can_be_run()
    {
        string program = await InstallAsync(Npm());

        program.ShouldBe(Path.Combine(Cache, "somebody-tool-1.2.3", "bin", "tool"));
        (await File.ReadAllTextAsync(program, TimesUp)).ShouldBe("program");
        File.GetUnixFileMode(program).HasFlag(UnixFileMode.UserExecute).ShouldBeTrue();
        (await File.ReadAllTextAsync(Calls, TimesUp)).ShouldMatch("^pack @somebody/tool@1.2.3 .* --ignore-scripts ");
        Left().ShouldBe(["somebody-tool-1.2.3", "somebody-tool-1.2.3.lock"]);
    }

    [Fact(Timeout = 30_000)]
    public async Task Who_comes_at_the_same_time_waits_and_who_comes_later_finds_it()
    {
        string npm = Npm("sleep 0.3");
        string[] programs = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => InstallAsync(npm)));
        await InstallAsync(npm);

        programs.ShouldAllBe(program => program == programs[0]);
        (await File.ReadAllLinesAsync(Calls, TimesUp)).Length.ShouldBe(1);
    }

    [Fact(Timeout = 30_000)]
    public async Task What_a_killed_installation_left_is_not_taken_for_the_package()
    {
        string half = Directory.CreateDirectory(Path.Combine(Cache, Package.Folder + ".partial")).FullName;
        await File.WriteAllTextAsync(Path.Combine(half, "half.tgz"), "", TimesUp);

        string program = await InstallAsync(Npm());

        File.Exists(program).ShouldBeTrue();
        Directory.Exists(half).ShouldBeFalse();
    }

    [Fact(Timeout = 30_000)]
    public async Task Without_npm_the_package_is_unavailable()
    {
        string missing = Path.Combine(folder.FullName, "npm-is-not-here");

        var unavailable = await Should.ThrowAsync<PackageUnavailableException>(() => InstallAsync(missing));

        unavailable.Message.ShouldContain("@somebody/tool@1.2.3");
        unavailable.Message.ShouldContain("npm-is-not-here");
    }

    [Fact(Timeout = 30_000)]
    public async Task What_npm_cannot_get_is_unavailable_for_its_reason_and_leaves_nothing()
    {
        string npm = Npm("echo 'npm error code E404' >&2; exit 1");

        var unavailable = await Should.ThrowAsync<PackageUnavailableException>(() => InstallAsync(npm));

        unavailable.Message.ShouldContain("E404");
        Left().ShouldBe(["somebody-tool-1.2.3.lock"]);
    }

    [Fact(Timeout = 30_000)]
    public async Task What_is_not_whole_comes_with_the_dependencies_of_a_day()
    {
        string npm = Path.Combine(folder.FullName, "npm-install");
        await File.WriteAllTextAsync(npm, $"""
            #!/bin/sh
            echo "$@" >> '{Calls}'
            while [ "$1" != --prefix ]; do shift; done
            mkdir -p "$2/node_modules/tool" && echo program > "$2/node_modules/tool/main.js"

            """, TimesUp);
        File.SetUnixFileMode(npm, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        NpmPackage package = Package with { Program = "node_modules/tool/main.js", DependenciesOf = "2026-11-20" };

        string program = await new PackageCache(Cache, npm).InstallAsync(package, TimesUp);

        File.Exists(program).ShouldBeTrue();
        (await File.ReadAllTextAsync(Calls, TimesUp)).ShouldMatch("^install @somebody/tool@1.2.3 .* --before 2026-11-20 .* --ignore-scripts ");
    }

    public void Dispose() => folder.Delete(recursive: true);

    private static CancellationToken TimesUp => TestContext.Current.CancellationToken;

    private Task<string> InstallAsync(string npm) => new PackageCache(Cache, npm).InstallAsync(Package, TimesUp);

    private IEnumerable<string?> Left() =>
        Directory.EnumerateFileSystemEntries(Cache).Select(Path.GetFileName).Order(StringComparer.Ordinal);

    /// <summary>Plays npm: notes its arguments and gives the archive that npm would have downloaded.</summary>
    private string Npm(string first = ":")
    {
        string archive = Path.Combine(folder.FullName, "archive.tgz");
        using (var bytes = new GZipStream(File.Create(archive), CompressionLevel.Fastest))
        using (var tar = new TarWriter(bytes))
        {
            tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, "package/bin/tool")
            {
                DataStream = new MemoryStream("program"u8.ToArray()),
                Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }
        string script = Path.Combine(folder.FullName, "npm");
        File.WriteAllText(script, $"""
            #!/bin/sh
            echo "$@" >> '{Calls}'
            {first}
            while [ "$1" != --pack-destination ]; do shift; done
            cp '{archive}' "$2/tool.tgz"

            """);
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return script;
    }
}

using System.Security.Cryptography;
using System.Text;
using Ds4Provider.Wire.Payload;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Wire.Specs.Payload;

public sealed class PayloadInstallerSpecs : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public PayloadInstallerSpecs()
    {
        _folder.Write("payload/ds4", "#!/bin/sh\necho hello\n");
        _folder.Write("payload/native/src/forward.c", "int main;");
        _folder.Write("payload/models/ds4-demo.gguf", new string('x', 100_000));
        WriteManifest();
    }

    private PayloadInstaller Installer => new(_folder["payload"], _folder["bin"], TimeProvider.System);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_copy_is_complete_and_executable()
    {
        string ds4 = await Installer.InstallAsync(TimesUp);

        string id = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(_folder["payload/manifest.sha256"])))[..16];
        ds4.ShouldBe(_folder[$"bin/{id}/ds4"]);
        File.GetUnixFileMode(ds4).HasFlag(UnixFileMode.UserExecute).ShouldBeTrue();
        File.ReadAllText(_folder[$"bin/{id}/native/src/forward.c"]).ShouldBe("int main;");
        File.Exists(_folder[$"bin/{id}/manifest.sha256"]).ShouldBeTrue();
        Directory.GetFileSystemEntries(_folder["bin"]).Length.ShouldBe(1);
    }

    [Fact(Timeout = 30_000)]
    public async Task Any_number_of_processes_may_copy_at_once()
    {
        string[] copies = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Installer.InstallAsync(TimesUp)));

        copies.Distinct().ShouldHaveSingleItem();
        Directory.GetFileSystemEntries(_folder["bin"]).Length.ShouldBe(1);
    }

    [Fact]
    public async Task An_existing_copy_is_used_as_it_stands()
    {
        string ds4 = await Installer.InstallAsync(TimesUp);
        DateTime written = File.GetLastWriteTimeUtc(Path.GetDirectoryName(ds4)!);

        await Installer.InstallAsync(TimesUp);

        File.GetLastWriteTimeUtc(Path.GetDirectoryName(ds4)!).ShouldBe(written);
    }

    [Fact]
    public async Task A_copy_with_holes_is_replaced()
    {
        string ds4 = await Installer.InstallAsync(TimesUp);
        string model = Path.Combine(Path.GetDirectoryName(ds4)!, "models/ds4-demo.gguf");
        File.Delete(model);

        await Installer.InstallAsync(TimesUp);

        File.Exists(model).ShouldBeTrue();
    }

    [Fact]
    public async Task A_damaged_payload_is_refused_and_leaves_nothing_behind()
    {
        File.AppendAllText(_folder["payload/native/src/forward.c"], "!");

        WatchdogUnavailableException error = await Should.ThrowAsync<WatchdogUnavailableException>(() => Installer.InstallAsync(TimesUp));

        error.Message.ShouldContain("native/src/forward.c");
        Directory.GetFileSystemEntries(_folder["bin"]).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_missing_payload_says_where_it_should_be()
    {
        var installer = new PayloadInstaller(_folder["nowhere"], _folder["bin"], TimeProvider.System);

        (await Should.ThrowAsync<WatchdogUnavailableException>(() => installer.InstallAsync(TimesUp)))
            .Message.ShouldContain(_folder["nowhere/manifest.sha256"]);
    }

    [Theory]
    [InlineData("../evil")]
    [InlineData("/etc/passwd")]
    [InlineData("a/../../b")]
    [InlineData("a//b")]
    [InlineData("")]
    public void A_manifest_cannot_name_a_path_outside(string path) =>
        Should.Throw<InvalidDataException>(() => PayloadManifest.Parse(Encoding.UTF8.GetBytes($"{new string('0', 64)}  {path}\n")));

    [Fact]
    public async Task Old_leftovers_of_killed_processes_are_removed()
    {
        Directory.CreateDirectory(_folder["bin/.old.1"]);
        Directory.CreateDirectory(_folder["bin/.new.2"]);
        Directory.SetLastWriteTimeUtc(_folder["bin/.old.1"], DateTime.UtcNow.AddDays(-1));

        await Installer.InstallAsync(TimesUp);

        Directory.Exists(_folder["bin/.old.1"]).ShouldBeFalse();
        Directory.Exists(_folder["bin/.new.2"]).ShouldBeTrue();
    }

    private void WriteManifest()
    {
        string root = _folder["payload"];
        IEnumerable<string> lines = Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(file =>
            $"{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)))}  {Path.GetRelativePath(root, file)}\n");
        _folder.Write("payload/manifest.sha256", string.Concat(lines));
    }
}

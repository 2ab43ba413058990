using System.Diagnostics;
using System.Text;
using Agent.Hosting;
using Agent.Specs.Support;
using AgentHost;
using CsCheck;

namespace Agent.Specs.Hosting;

/// <summary>Plugin folders that say in <c>extension.json</c> what they hold.</summary>
public sealed class ExtensionFileSpecs : IDisposable
{
    private const string Valid = """
        {
          "id": "test",
          "version": "1.2.3-beta.1+build",
          "assembly": "TestExtension.dll",
          "contract": "1.0",
          "permissions": "Greets – loudly.",
          "ofALaterAgent": [1, {"x": null}]
        }
        """;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void The_file_says_which_assembly_it_is()
    {
        CopyTestExtension();
        // Without the file there would be two to choose from.
        File.Copy(folder["TestExtension.dll"], folder["Another.dll"]);
        Should.Throw<ExtensionLoadException>(() => ExtensionLocator.Find(folder.Path)).Message.ShouldContain("holds several extensions");
        Write(Valid);

        ExtensionLocator.Find(folder.Path).ShouldBe(ExtensionManifest.TryRead(folder["TestExtension.dll"]));
        ExtensionFile file = ExtensionFile.TryRead(folder.Path)!;
        (file.Id, file.Version, file.Assembly, file.Contract, file.Permissions)
            .ShouldBe(("test", "1.2.3-beta.1+build", "TestExtension.dll", "1.0", "Greets – loudly."));
    }

    [Fact]
    public void The_folder_that_comes_with_the_agent_has_one_that_agrees_with_its_assembly()
    {
        string ds4 = Path.Combine(Path.GetDirectoryName(Fixtures.Agent)!, "extensions", "ds4");

        ExtensionFile file = ExtensionFile.TryRead(ds4).ShouldNotBeNull();
        ExtensionManifest manifest = file.ReadManifest();

        (manifest.Id, manifest.Contract, manifest.TypeName).ShouldBe(("ds4", AgentContract.Version, "Ds4Provider.Ds4Extension"));
        file.Permissions.ShouldNotBeNullOrWhiteSpace();
        FileVersionInfo.GetVersionInfo(manifest.AssemblyPath).ProductVersion!.Split('+')[0].ShouldBe(file.Version);
    }

    [Fact]
    public void A_folder_without_it_is_searched()
    {
        CopyTestExtension();

        ExtensionFile.TryRead(folder.Path).ShouldBeNull();
        ExtensionLocator.Find(folder.Path).Id.ShouldBe("test");
    }

    [Theory]
    [InlineData("", "JSON")]
    [InlineData("null", "it holds null")]
    [InlineData("[]", "could not be converted")]
    [InlineData("{}", "it has no \"id\"")]
    [InlineData("""{"id":"test"}""", "it has no \"version\"")]
    [InlineData("""{"id":"test","id":"test"}""", "Duplicate")]
    [InlineData("""{"id":5}""", "$.id")]
    [InlineData("""{"id":"../test"}""", "its \"id\" is not 1 to 64 small letters")]
    [InlineData("""{"id":"\ud800"}""", "$.id")]
    [InlineData("""{"id":"test","version":"one"}""", "its \"version\" is not a version such as 1.2.3")]
    [InlineData("""{"id":"test","version":"1","assembly":"../TestExtension.dll"}""", "its \"assembly\" is not the name of a DLL")]
    [InlineData("""{"id":"test","version":"1","assembly":"TestExtension.dll\n"}""", "its \"assembly\" is not the name of a DLL")]
    [InlineData("""{"id":"test","version":"1","assembly":"TestExtension.dll","contract":"1"}""", "its \"contract\" is not a contract version")]
    [InlineData("""{"id":"test","version":"1","assembly":"Gone.dll","contract":"1.0"}""", "its assembly Gone.dll is not in the folder")]
    [InlineData("""{"id":"test","version":"1","assembly":"CliWrap.dll","contract":"1.0"}""", "its assembly CliWrap.dll is not an extension")]
    [InlineData("""{"id":"other","version":"1","assembly":"TestExtension.dll","contract":"1.0"}""", "its id is 'other', and that of TestExtension.dll is 'test'")]
    [InlineData("""{"id":"test","version":"1","assembly":"TestExtension.dll","contract":"1.1"}""", "its contract is '1.1', and that of TestExtension.dll is '1.0'")]
    public void What_is_wrong_is_said_with_the_place_and_the_remedy(string json, string what)
    {
        CopyTestExtension();
        Write(json);

        string message = Should.Throw<ExtensionLoadException>(() => ExtensionLocator.Find(folder.Path)).Message;

        message.ShouldStartWith(folder[ExtensionFile.FileName] + ": ");
        message.ShouldContain(what);
        message.ShouldContain("Publish the extension again, or write the file by hand: {");
    }

    [Fact]
    public void A_file_without_an_end_is_not_read_to_it()
    {
        Write(new string(' ', 1 << 20));

        Should.Throw<ExtensionLoadException>(() => ExtensionFile.TryRead(folder.Path)).Message.ShouldContain("it is longer than 64 KiB");
    }

    [Fact]
    public void Cut_anywhere_it_is_malformed()
    {
        byte[] bytes = Encoding.UTF8.GetBytes(Valid);
        for (int length = 0; length < bytes.Length; length++)
        {
            File.WriteAllBytes(folder[ExtensionFile.FileName], bytes[..length]);
            Should.Throw<ExtensionLoadException>(() => ExtensionFile.TryRead(folder.Path), $"cut after {length} bytes")
                .Message.ShouldStartWith(folder[ExtensionFile.FileName] + ": ");
        }
    }

    [Fact]
    public void Whatever_its_bytes_are_it_is_read_or_refused()
    {
        CopyTestExtension();
        byte[] valid = Encoding.UTF8.GetBytes(Valid);
        Gen<byte[]> mutated = Gen.Select(Gen.Int[0, valid.Length - 1], Gen.Byte).Array[1, 8].Select(changes =>
        {
            byte[] copy = [.. valid];
            foreach ((int at, byte value) in changes)
                copy[at] = value;
            return copy;
        });

        Gen.OneOf(mutated, Gen.Byte.Array[0, 200]).Sample(
            bytes =>
            {
                File.WriteAllBytes(folder[ExtensionFile.FileName], bytes);
                try
                {
                    ExtensionManifest manifest = ExtensionLocator.Find(folder.Path);
                    (manifest.Id, manifest.AssemblyPath).ShouldBe(("test", folder["TestExtension.dll"]));
                }
                catch (ExtensionLoadException exception)
                {
                    exception.Message.ShouldStartWith(folder[ExtensionFile.FileName] + ": ");
                }
            },
            iter: 2000,
            threads: 1);
    }

    [Fact]
    public void Whatever_the_bytes_of_an_assembly_are_it_is_read_or_refused()
    {
        byte[] valid = File.ReadAllBytes(Path.Combine(Fixtures.TestExtension, "TestExtension.dll"));
        Gen<byte[]> cut = Gen.Int[0, valid.Length - 1].Select(length => valid[..length]);
        Gen<byte[]> mutated = Gen.Select(Gen.Int[0, valid.Length - 1], Gen.Byte).Array[1, 64].Select(changes =>
        {
            byte[] copy = [.. valid];
            foreach ((int at, byte value) in changes)
                copy[at] = value;
            return copy;
        });

        Gen.OneOf(cut, mutated).Sample(
            bytes =>
            {
                File.WriteAllBytes(folder["TestExtension.dll"], bytes);
                try
                {
                    ExtensionLocator.Find(folder.Path).AssemblyPath.ShouldBe(folder["TestExtension.dll"]);
                }
                catch (ExtensionLoadException exception)
                {
                    exception.Message.ShouldStartWith(folder.Path);
                }
            },
            iter: 2000,
            threads: 1);
    }

    private void Write(string json) => File.WriteAllText(folder[ExtensionFile.FileName], json);

    private void CopyTestExtension()
    {
        foreach (string file in Directory.EnumerateFiles(Fixtures.TestExtension))
            File.Copy(file, folder[Path.GetFileName(file)]);
    }
}

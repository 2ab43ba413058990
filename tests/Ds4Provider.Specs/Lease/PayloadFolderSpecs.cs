using Ds4Provider.Lease;

namespace Ds4Provider.Specs.Lease;

public sealed class PayloadFolderSpecs
{
    [Fact]
    public void A_plugins_folder_is_found()
    {
        using var folder = new TemporaryFolder();
        folder.Write("ds4-payload/manifest.sha256", "");
        PayloadFolder.Find(folder.Path).ShouldBe(folder["ds4-payload"]);
    }

    [Fact]
    public void Beside_the_assembly_is_where_it_should_be() =>
        PayloadFolder.Find("/nowhere").ShouldBe(Path.Combine(AppContext.BaseDirectory, "ds4-payload"));
}

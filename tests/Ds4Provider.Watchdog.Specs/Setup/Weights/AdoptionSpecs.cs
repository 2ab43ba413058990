using Ds4Provider.Watchdog.Setup.Weights;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Watchdog.Specs.Setup.Weights;

public sealed class AdoptionSpecs
{
    private const string PiFolder = "home/.pi/ds4/support/gguf";
    private const string HubFolder = "home/.cache/huggingface/hub/models--antirez--deepseek-v4-gguf";

    [Fact]
    public async Task Weights_of_another_program_are_used_after_a_check_and_stay_where_they_are()
    {
        await using Shop shop = await Shop.OpenAsync();
        string theirs = Put(shop, PiFolder, shop.Hub.Content);
        shop.Store().MissingBytes(shop.Variant).ShouldBe(0);

        await shop.EnsureAsync(mayDownload: false);

        shop.ShouldBeComplete();
        File.ReadAllBytes(theirs).ShouldBe(shop.Hub.Content);
        shop.Hub.Served.ShouldBe(0);
        WeightReceipt.Parse(File.ReadAllBytes(shop.Complete + ".receipt"))!.Source.ShouldBe(theirs);
    }

    [Fact]
    public async Task The_hubs_own_cache_is_found_through_its_links()
    {
        await using Shop shop = await Shop.OpenAsync();
        string blob = Put(shop, $"{HubFolder}/blobs", shop.Hub.Content, shop.Hub.Sha256);
        string snapshot = shop.Folder[$"{HubFolder}/snapshots/{shop.Hub.Revision}"];
        Directory.CreateDirectory(snapshot);
        File.CreateSymbolicLink(Path.Combine(snapshot, "weights.gguf"), "../../blobs/" + shop.Hub.Sha256);

        await shop.EnsureAsync(mayDownload: false);

        shop.ShouldBeComplete();
        new FileInfo(shop.Complete).LinkTarget.ShouldBeNull();
        File.Exists(blob).ShouldBeTrue();
    }

    [Fact]
    public async Task Weights_of_another_program_with_other_content_are_left_alone_and_fetched_instead()
    {
        await using Shop shop = await Shop.OpenAsync();
        byte[] other = [.. shop.Hub.Content.Reverse()];
        string theirs = Put(shop, PiFolder, other);

        (await shop.RefuseAsync(mayDownload: false)).NeededBytes.ShouldBe(shop.Variant.FileBytes);
        await shop.EnsureAsync();

        shop.ShouldBeComplete();
        File.ReadAllBytes(theirs).ShouldBe(other);
    }

    [Fact]
    public async Task Half_a_file_of_another_program_is_not_even_read()
    {
        await using Shop shop = await Shop.OpenAsync();
        Put(shop, PiFolder, shop.Hub.Content[1..]);

        shop.Store().MissingBytes(shop.Variant).ShouldBe(shop.Variant.FileBytes);
    }

    [Fact]
    public async Task A_file_that_a_person_put_there_is_checked_once()
    {
        await using Shop shop = await Shop.OpenAsync();
        File.WriteAllBytes(shop.Complete, shop.Hub.Content);

        await shop.EnsureAsync(mayDownload: false);
        int resolved = shop.Hub.Resolved;
        await shop.EnsureAsync(mayDownload: false);

        shop.ShouldBeComplete();
        shop.Hub.Resolved.ShouldBe(resolved);
    }

    [Fact]
    public async Task A_file_that_a_person_put_there_is_believed_when_there_is_nobody_to_ask()
    {
        await using Shop shop = await Shop.OpenAsync();
        File.WriteAllBytes(shop.Complete, shop.Hub.Content);
        await shop.Hub.DisposeAsync();

        await shop.EnsureAsync(mayDownload: false);

        WeightReceipt.Parse(File.ReadAllBytes(shop.Complete + ".receipt"))!.Source.ShouldBe("put there, not compared with the hub");
    }

    [Fact]
    public async Task A_file_with_other_content_than_the_hub_announces_is_refused_and_kept()
    {
        await using Shop shop = await Shop.OpenAsync();
        File.WriteAllBytes(shop.Complete, [.. shop.Hub.Content.Reverse()]);

        Failed failed = await shop.RefuseAsync();

        failed.Reason.ShouldBe(FailureReason.WeightsInvalid);
        failed.Message.ShouldContain(shop.Hub.Sha256);
        failed.Hint.ShouldBe("Remove the file, and the weights are fetched.");
        File.Exists(shop.Complete).ShouldBeTrue();
    }

    [Fact]
    public async Task A_truncated_file_is_refused_with_both_sizes()
    {
        await using Shop shop = await Shop.OpenAsync();
        File.WriteAllText(shop.Complete, "too short");

        Failed failed = await shop.RefuseAsync();

        failed.Reason.ShouldBe(FailureReason.WeightsInvalid);
        failed.Message.ShouldContain("has 9 bytes; the q2-imatrix weights have 1,311,954.");
    }

    [Fact]
    public async Task A_file_that_was_changed_after_its_check_is_checked_again()
    {
        await using Shop shop = await Shop.OpenAsync();
        await shop.EnsureAsync();
        byte[] changed = [.. shop.Hub.Content];
        changed[77]++;
        File.WriteAllBytes(shop.Complete, changed);
        File.SetLastWriteTimeUtc(shop.Complete, DateTime.UtcNow.AddMinutes(1));

        (await shop.RefuseAsync()).Reason.ShouldBe(FailureReason.WeightsInvalid);
    }

    private static string Put(Shop shop, string folder, byte[] content, string name = "weights.gguf")
    {
        string path = Path.Combine(shop.Folder[folder], name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }
}

using System.Diagnostics;
using Ds4Provider.Watchdog.Setup.Weights;
using Ds4Provider.Wire.Watchdog;
using Microsoft.AspNetCore.Http;

namespace Ds4Provider.Watchdog.Specs.Setup.Weights;

public sealed class DownloadSpecs
{
    [Fact]
    public async Task Weights_arrive_in_parallel_ranges_are_checked_and_appear_in_one_step()
    {
        await using Shop shop = await Shop.OpenAsync();

        (await shop.EnsureAsync()).ShouldBe(shop.Complete);

        shop.ShouldBeComplete();
        shop.Hub.Requests.Count(request => request.Range is not null).ShouldBeGreaterThan(4);
        shop.Hub.Served.ShouldBe(shop.Hub.Content.Length);
        WeightReceipt receipt = WeightReceipt.Parse(File.ReadAllBytes(shop.Complete + ".receipt"))!;
        receipt.Revision.ShouldBe(shop.Hub.Revision);
        receipt.Source.ShouldBe(shop.Hub.Endpoint.Authority);
    }

    [Fact]
    public async Task What_was_fetched_once_is_not_asked_for_again()
    {
        await using Shop shop = await Shop.OpenAsync();
        await shop.EnsureAsync();
        int requests = shop.Hub.Requests.Count;

        await shop.EnsureAsync(mayDownload: false);

        shop.Hub.Requests.Count.ShouldBe(requests);
        shop.Store().MissingBytes(shop.Variant).ShouldBe(0);
    }

    [Fact]
    public async Task Progress_counts_bytes_up_to_the_whole()
    {
        await using Shop shop = await Shop.OpenAsync();
        shop.Hub.Fault = async (_, _) =>
        {
            await Task.Delay(20);
            return false;
        };

        await shop.EnsureAsync();

        Progress[] fetching = [.. shop.Told.Where(told => told is { Phase: SetupPhase.Downloading, Unit: "bytes" })];
        fetching.ShouldNotBeEmpty();
        fetching.ShouldAllBe(told => told.Total == shop.Variant.FileBytes && told.Done >= 0 && told.Done <= told.Total);
        fetching.Select(told => told.Done!.Value).ShouldBeInOrder(SortDirection.Ascending);
    }

    [Fact]
    public async Task The_token_goes_to_the_hub_and_nowhere_else()
    {
        await using Shop shop = await Shop.OpenAsync();
        shop.Environment["HF_TOKEN"] = "hf_secret";

        await shop.EnsureAsync();

        shop.Hub.Requests.Where(request => request.Host == "127.0.0.1").ShouldAllBe(request => request.Authorization == "Bearer hf_secret");
        shop.Hub.Requests.Where(request => request.Host == "localhost").ShouldAllBe(request => request.Authorization == null);
        shop.Told.ShouldAllBe(told => !told.Message.Contains("hf_secret"));
    }

    [Fact]
    public async Task Connections_that_break_every_few_kilobytes_still_deliver()
    {
        await using Shop shop = await Shop.OpenAsync();
        // Whether anything arrives before a connection breaks is chance: the tries of a run must not run out by bad luck.
        shop.Limits = shop.Limits with { FetchTries = 1000 };
        shop.Hub.Fault = async (context, number) =>
        {
            if (number % 2 == 0 || context.Request.GetTypedHeaders().Range is not { } range)
                return false;
            (int from, int to) = ((int)range.Ranges.Single().From!.Value, (int)range.Ranges.Single().To!.Value);
            context.Response.StatusCode = StatusCodes.Status206PartialContent;
            context.Response.Headers.ContentRange = $"bytes {from}-{to}/{shop.Hub.Content.Length}";
            context.Response.ContentLength = to + 1 - from;
            await shop.Hub.SendAsync(context, from, Math.Min(to, from + 5000));
            await context.Response.Body.FlushAsync();
            context.Abort();
            return true;
        };

        await shop.EnsureAsync();

        shop.ShouldBeComplete();
    }

    [Fact]
    public async Task A_connection_that_falls_silent_is_replaced()
    {
        await using Shop shop = await Shop.OpenAsync();
        shop.Limits = shop.Limits with { Stall = TimeSpan.FromMilliseconds(250) };
        shop.Hub.Fault = async (context, number) =>
        {
            if (number is not (2 or 3))
                return false;
            await Task.WhenAny(shop.Hub.Closing, Task.Delay(Timeout.Infinite, context.RequestAborted));
            return true;
        };

        await shop.EnsureAsync();

        shop.ShouldBeComplete();
    }

    [Theory]
    [InlineData("bytes 0-100/{0}")] // another part
    [InlineData("bytes {1}-99999999/{0}")] // beyond the end
    [InlineData("lines 1-2/3")]
    [InlineData("")]
    public async Task A_response_that_lies_about_its_range_is_not_believed(string contentRange)
    {
        await using Shop shop = await Shop.OpenAsync();
        shop.Hub.Fault = async (context, number) =>
        {
            long from = context.Request.GetTypedHeaders().Range!.Ranges.Single().From!.Value;
            if (number > 3 || from == 0)
                return false;
            context.Response.StatusCode = StatusCodes.Status206PartialContent;
            context.Response.Headers.ContentRange = contentRange.Replace("{0}", $"{shop.Hub.Content.Length}").Replace("{1}", $"{from}");
            await context.Response.Body.WriteAsync(new byte[101]);
            return true;
        };

        await shop.EnsureAsync();

        shop.ShouldBeComplete();
    }

    [Fact]
    public async Task A_storage_without_ranges_delivers_over_one_connection()
    {
        await using Shop shop = await Shop.OpenAsync();
        shop.Hub.ServesRanges = false;

        await shop.EnsureAsync();

        shop.ShouldBeComplete();
    }

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(408)]
    public async Task A_busy_storage_is_asked_again(int status)
    {
        await using Shop shop = await Shop.OpenAsync();
        shop.Hub.Fault = (context, number) =>
        {
            if (number % 3 == 0)
                return Task.FromResult(false);
            context.Response.StatusCode = status;
            context.Response.Headers.RetryAfter = "1";
            return Task.FromResult(true);
        };
        shop.Limits = shop.Limits with { FetchTries = 1000 };

        await shop.EnsureAsync();

        shop.ShouldBeComplete();
    }

    [Fact]
    public async Task A_storage_that_never_recovers_is_given_up_and_what_arrived_is_kept()
    {
        await using Shop shop = await Shop.OpenAsync();
        shop.Hub.Fault = (context, number) =>
        {
            if (number <= 4)
                return Task.FromResult(false);
            context.Response.StatusCode = 503;
            return Task.FromResult(true);
        };

        Failed failed = await shop.RefuseAsync();

        failed.Reason.ShouldBe(FailureReason.DownloadFailed);
        failed.Message.ShouldContain("has trouble (503)");
        failed.Hint.ShouldContain("have arrived and are kept");
        long served = shop.Hub.Served;
        served.ShouldBeGreaterThan(0);
        shop.Store().MissingBytes(shop.Variant).ShouldBe(shop.Variant.FileBytes - served);

        shop.Hub.Fault = (_, _) => Task.FromResult(false);
        await shop.EnsureAsync();

        shop.ShouldBeComplete();
        shop.Hub.Served.ShouldBe(shop.Variant.FileBytes, "no byte was fetched twice");
    }

    [Fact]
    public async Task An_expired_link_is_asked_for_anew()
    {
        await using Shop shop = await Shop.OpenAsync();
        shop.Hub.Fault = (_, number) =>
        {
            if (number is 3 or 6)
                shop.Hub.ExpireLinks();
            return Task.FromResult(false);
        };

        await shop.EnsureAsync();

        shop.ShouldBeComplete();
        // The second expiry may come before the first was seen to: then one answer helps both.
        shop.Hub.Resolved.ShouldBeInRange(2, 5, "once for all connections");
    }

    [Fact]
    public async Task A_file_that_is_replaced_on_the_way_is_fetched_anew_and_never_mixed()
    {
        await using Shop shop = await Shop.OpenAsync();
        byte[] replacement = [.. shop.Hub.Content.Reverse()];
        shop.Hub.Fault = (_, number) =>
        {
            if (number == 3)
            {
                shop.Hub.Content = replacement;
                shop.Hub.ExpireLinks();
            }
            return Task.FromResult(false);
        };

        await shop.EnsureAsync();

        File.ReadAllBytes(shop.Complete).ShouldBe(replacement);
        shop.ShouldBeComplete();
    }

    [Fact]
    public async Task A_file_that_is_replaced_behind_a_valid_link_is_noticed_by_its_tag()
    {
        await using Shop shop = await Shop.OpenAsync();
        byte[] replacement = [.. shop.Hub.Content.Reverse()];
        // The first response names the tag that all later ones must match.
        shop.Limits = shop.Limits with { Connections = 1 };
        shop.Hub.Fault = (_, number) =>
        {
            if (number == 3)
                shop.Hub.Content = replacement;
            return Task.FromResult(false);
        };

        await shop.EnsureAsync();

        shop.Hub.Requests.ShouldContain(request => request.IfRange != null);
        File.ReadAllBytes(shop.Complete).ShouldBe(replacement);
        shop.ShouldBeComplete();
    }

    [Fact]
    public async Task Bytes_that_were_damaged_on_the_way_are_never_published_and_fetched_again()
    {
        await using Shop shop = await Shop.OpenAsync();
        int responses = 0;
        shop.Hub.Damage = bytes =>
        {
            if (Interlocked.Increment(ref responses) == 2)
                bytes[bytes.Length / 2] ^= 1;
            return bytes;
        };

        await shop.EnsureAsync();

        shop.ShouldBeComplete();
        shop.Hub.Served.ShouldBe(2 * shop.Variant.FileBytes);
    }

    [Fact]
    public async Task Bytes_that_are_always_damaged_are_refused_with_both_hashes()
    {
        await using Shop shop = await Shop.OpenAsync();
        shop.Hub.AnnouncedHash = new string('a', 64);

        Failed failed = await shop.RefuseAsync();

        failed.Reason.ShouldBe(FailureReason.WeightsInvalid);
        failed.Message.ShouldContain($"{shop.Hub.Sha256} instead of {new string('a', 64)}");
        File.Exists(shop.Complete).ShouldBeFalse();
    }

    [Theory]
    [InlineData(401, "refuses weights.gguf (401)", "HF_TOKEN")]
    [InlineData(403, "refuses weights.gguf (403)", "HF_TOKEN")]
    [InlineData(404, "does not have antirez/deepseek-v4-gguf/weights.gguf any more (404)", "Update Ds4Provider")]
    [InlineData(503, "has trouble (503)", "network")]
    public async Task What_the_hub_refuses_is_said_with_what_helps(int status, string message, string hint)
    {
        await using Shop shop = await Shop.OpenAsync();
        shop.Hub.Refusal = status;

        Failed failed = await shop.RefuseAsync();

        failed.Reason.ShouldBe(FailureReason.DownloadFailed);
        failed.Message.ShouldContain(message);
        failed.Hint.ShouldContain(hint);
    }

    [Fact]
    public async Task A_hub_that_never_answers_is_given_up()
    {
        await using Shop shop = await Shop.OpenAsync();
        shop.Hub.IsSilent = true;
        shop.Limits = shop.Limits with { Stall = TimeSpan.FromMilliseconds(100) };

        Failed failed = await shop.RefuseAsync();

        failed.Reason.ShouldBe(FailureReason.DownloadFailed);
        failed.Message.ShouldContain("does not answer");
    }

    [Fact]
    public async Task A_hub_that_cannot_be_reached_is_named()
    {
        await using Shop shop = await Shop.OpenAsync();
        await shop.Hub.DisposeAsync();

        Failed failed = await shop.RefuseAsync();

        failed.Reason.ShouldBe(FailureReason.DownloadFailed);
        failed.Message.ShouldContain("cannot be reached");
        failed.Hint.ShouldContain("HTTPS_PROXY");
    }

    [Fact]
    public async Task Content_other_than_the_pinned_one_is_refused_before_a_byte_is_fetched()
    {
        await using Shop shop = await Shop.OpenAsync();
        shop.Variant = shop.Variant with { Sha256 = new string('b', 64) };

        Failed failed = await shop.RefuseAsync();

        failed.Message.ShouldContain($"has the content {shop.Hub.Sha256}; this version of ds4 was made for {new string('b', 64)}");
        shop.Hub.Served.ShouldBe(0);
    }

    [Fact]
    public async Task Without_an_announced_hash_only_pinned_content_is_fetched()
    {
        await using Shop shop = await Shop.OpenAsync();
        shop.Hub.AnnouncesHash = false;

        (await shop.RefuseAsync()).Message.ShouldContain("does not tell the SHA-256");

        shop.Variant = shop.Variant with { Sha256 = shop.Hub.Sha256 };
        await shop.EnsureAsync();
        shop.ShouldBeComplete();
    }

    [Fact]
    public async Task Another_size_than_expected_is_refused_before_a_byte_is_fetched()
    {
        await using Shop shop = await Shop.OpenAsync();
        shop.Variant = shop.Variant with { FileBytes = shop.Variant.FileBytes + 1 };

        (await shop.RefuseAsync()).Message.ShouldContain($"has {shop.Hub.Content.Length} bytes");
        shop.Hub.Served.ShouldBe(0);
    }

    [Fact]
    public async Task A_cancelled_download_goes_on_where_it_stopped()
    {
        await using Shop shop = await Shop.OpenAsync();
        using var cancel = new CancellationTokenSource();
        shop.Hub.Fault = async (context, number) =>
        {
            if (number <= 4)
                return false;
            await cancel.CancelAsync();
            await Task.WhenAny(shop.Hub.Closing, Task.Delay(Timeout.Infinite, context.RequestAborted));
            return true;
        };
        await Should.ThrowAsync<OperationCanceledException>(() => shop.EnsureAsync(cancellationToken: cancel.Token));
        long missing = shop.Store().MissingBytes(shop.Variant);
        missing.ShouldBeLessThan(shop.Variant.FileBytes);
        shop.Hub.Fault = (_, _) => Task.FromResult(false);
        long served = shop.Hub.Served;

        await shop.EnsureAsync();

        shop.ShouldBeComplete();
        (shop.Hub.Served - served).ShouldBe(missing);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("{}")]
    [InlineData("")]
    public async Task A_damaged_note_of_what_has_arrived_costs_time_and_nothing_else(string note)
    {
        await using Shop shop = await Shop.OpenAsync();
        File.WriteAllBytes(shop.Complete + ".partial", shop.Hub.Content[..5000]);
        File.WriteAllText(shop.Complete + ".partial.state", note);

        await shop.EnsureAsync();

        shop.ShouldBeComplete();
    }

    [Fact]
    public async Task Two_stores_of_one_folder_fetch_once()
    {
        await using Shop shop = await Shop.OpenAsync();

        string[] paths = await Task.WhenAll(shop.EnsureAsync(), shop.EnsureAsync());

        paths.ShouldBe([shop.Complete, shop.Complete]);
        shop.Hub.Served.ShouldBe(shop.Variant.FileBytes);
        shop.ShouldBeComplete();
    }

    [Fact]
    public async Task Nobody_downloads_without_being_allowed_to()
    {
        await using Shop shop = await Shop.OpenAsync();

        Failed failed = await shop.RefuseAsync(mayDownload: false);

        failed.Reason.ShouldBe(FailureReason.DownloadNeeded);
        failed.NeededBytes.ShouldBe(shop.Variant.FileBytes);
        shop.Hub.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_disk_that_fills_up_while_weights_arrive_stops_the_download_before_it_is_full()
    {
        await using Shop shop = await Shop.OpenAsync();
        shop.Hub.Fault = async (context, number) =>
        {
            if (number <= 2)
                return false;
            shop.FreeDisk = 0;
            await Task.WhenAny(shop.Hub.Closing, Task.Delay(Timeout.Infinite, context.RequestAborted));
            return true;
        };
        shop.Limits = shop.Limits with { Connections = 1, RunChunks = 1 };

        Failed failed = await shop.RefuseAsync();

        failed.Reason.ShouldBe(FailureReason.NotEnoughDisk);
        failed.Hint.ShouldContain("What has arrived is kept");

        shop.FreeDisk = long.MaxValue;
        shop.Hub.Fault = (_, _) => Task.FromResult(false);
        await shop.EnsureAsync();
        shop.ShouldBeComplete();
    }

    [Fact]
    public async Task A_full_disk_is_told_apart_from_trouble_of_the_network()
    {
        await using Shop shop = await Shop.OpenAsync();
        string mount = shop.Folder["small"];
        Directory.CreateDirectory(mount);
        Assert.SkipUnless(await RunAsync("mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", mount), "mounting needs more rights");
        try
        {
            shop.Models = mount;

            Failed failed = await shop.RefuseAsync();

            failed.Reason.ShouldBe(FailureReason.NotEnoughDisk);
            failed.Message.ShouldContain("became full");
        }
        finally
        {
            (await RunAsync("umount", mount)).ShouldBeTrue();
        }
    }

    private static async Task<bool> RunAsync(string command, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return process.ExitCode == 0;
    }
}

using System.Diagnostics;
using System.Globalization;
using Ds4Provider.Watchdog.Setup.Weights;

namespace Ds4Provider.Watchdog.Specs.Setup.Weights;

/// <summary>A program that fetches weights is killed at random moments and started again until it has them.</summary>
public sealed class KilledDownloadSpecs
{
    private const int Kills = 8;

    [Fact]
    public async Task Whatever_was_remembered_before_a_kill_is_not_fetched_again_and_the_result_is_right()
    {
        await using Shop shop = await Shop.OpenAsync(size: 24 << 20);
        shop.Hub.Fault = async (context, _) =>
        {
            await Task.Delay(15, context.RequestAborted); // Slow enough for a kill to meet it.
            return false;
        };
        var random = new Random();
        long missing = shop.Variant.FileBytes;
        for (int kill = 0; kill < Kills; kill++)
        {
            using Process fetcher = Start(shop);
            long left = long.Parse((await fetcher.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))!, CultureInfo.InvariantCulture);
            left.ShouldBeLessThanOrEqualTo(missing, "what was there stays there");
            missing = left;
            await Task.Delay(random.Next(5, 250), TestContext.Current.CancellationToken);
            fetcher.Kill();
            await fetcher.WaitForExitAsync(TestContext.Current.CancellationToken);
            if (File.Exists(shop.Complete))
                break;
        }
        long served = shop.Hub.Served;
        using Process last = Start(shop);
        missing = long.Parse((await last.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))!, CultureInfo.InvariantCulture);
        await last.WaitForExitAsync(TestContext.Current.CancellationToken);

        last.ExitCode.ShouldBe(0, await last.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        (shop.Hub.Served - served).ShouldBe(missing);
        File.ReadAllBytes(shop.Complete).ShouldBe(shop.Hub.Content);
        WeightReceipt.Parse(File.ReadAllBytes(shop.Complete + ".receipt")).ShouldNotBeNull();
        File.Exists(shop.Complete + ".partial").ShouldBeFalse();
    }

    private static Process Start(Shop shop)
    {
        var start = new ProcessStartInfo(
            Path.Combine(AppContext.BaseDirectory, "weight-fetcher"),
            [shop.Hub.Endpoint.ToString(), shop.Models, "weights.gguf", shop.Variant.FileBytes.ToString(CultureInfo.InvariantCulture), "small"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // A killed process would leave the runtime's diagnostic pipe behind.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        return Process.Start(start)!;
    }
}

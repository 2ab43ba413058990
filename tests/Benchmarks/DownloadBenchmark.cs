using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Ds4Provider.Wire.Watchdog;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Benchmarks;

/// <summary>
/// A fetch from this machine, by a process of its own, against what bounds it here: a plain copy of the file, and reading
/// it for its hash. The web server runs on the same processors, so the ratio is a lower bound.
/// </summary>
internal static class DownloadBenchmark
{
    private const int Rounds = 3;

    public static async Task RunAsync(int megabytes)
    {
        string folder = Directory.CreateTempSubdirectory("ds4-download-").FullName;
        try
        {
            string source = Path.Combine(folder, "weights.gguf");
            string sha256 = await WriteAsync(source, megabytes);
            await using WebApplication hub = await ServeAsync(source, sha256);
            Console.WriteLine($"{megabytes} MiB, {Environment.ProcessorCount} processors, .NET {Environment.Version}");
            Console.WriteLine();
            Console.WriteLine("| round | plain copy MB/s | SHA-256 MB/s | fetch MB/s | fetch ÷ min(copy, SHA-256) | peak memory MB |");
            Console.WriteLine("|---|---|---|---|---|---|");
            for (int round = 1; round <= Rounds; round++)
                await RunRoundAsync(round, folder, source, hub.Urls.First());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task RunRoundAsync(int round, string folder, string source, string endpoint)
    {
        double megabytes = new FileInfo(source).Length / 1e6;
        double copy = megabytes / await TimeAsync(() => CopyAsync(source, Path.Combine(folder, "copy")));
        double hash = megabytes / await TimeAsync(() => HashAsync(source));
        (double seconds, long memory) = await FetchAsync(endpoint, Path.Combine(folder, "models"), new FileInfo(source).Length);
        double fetch = megabytes / seconds;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {round} | {copy:0} | {hash:0} | {fetch:0} | {fetch / Math.Min(copy, hash):0.00} | {memory / 1e6:0} |"));
    }

    private static async Task<string> WriteAsync(string path, int megabytes)
    {
        var random = new Random(1);
        byte[] block = new byte[1 << 20];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using FileStream file = File.Create(path);
        for (int i = 0; i < megabytes; i++)
        {
            random.NextBytes(block);
            hash.AppendData(block);
            await file.WriteAsync(block);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static async Task<WebApplication> ServeAsync(string source, string sha256)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        WebApplication hub = builder.Build();
        hub.Run(context =>
        {
            context.Response.Headers["X-Linked-ETag"] = $"\"{sha256}\"";
            return Results.File(source, enableRangeProcessing: true).ExecuteAsync(context);
        });
        await hub.StartAsync();
        return hub;
    }

    /// <summary>A copy that is on the disk at its end, as a fetched file is.</summary>
    private static async Task CopyAsync(string source, string target)
    {
        await using (FileStream from = new(source, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20))
        await using (FileStream to = new(target, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20))
        {
            await from.CopyToAsync(to, 1 << 20);
            to.Flush(flushToDisk: true);
        }
        File.Delete(target);
    }

    private static async Task HashAsync(string source)
    {
        await using FileStream file = new(source, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20);
        await SHA256.HashDataAsync(file);
    }

    private static async Task<(double Seconds, long PeakMemory)> FetchAsync(string endpoint, string models, long bytes)
    {
        Directory.CreateDirectory(models);
        ProcessStartInfo start = new(
            Path.Combine(AppContext.BaseDirectory, "weight-fetcher"),
            [endpoint + "/", models, "weights.gguf", bytes.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardOutput = true };
        // As the watchdog, which fetches in its own process.
        foreach ((string name, string value) in WatchdogRuntime.Settings)
            start.Environment[name] = value;
        using Process fetcher = Process.Start(start)!;
        await fetcher.StandardOutput.ReadLineAsync();
        string[] figures = (await fetcher.StandardOutput.ReadLineAsync())!.Split(' ');
        await fetcher.WaitForExitAsync();
        Directory.Delete(models, recursive: true);
        return (double.Parse(figures[0], CultureInfo.InvariantCulture), long.Parse(figures[1], CultureInfo.InvariantCulture));
    }

    private static async Task<double> TimeAsync(Func<Task> work)
    {
        long begun = Stopwatch.GetTimestamp();
        await work();
        return Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }
}

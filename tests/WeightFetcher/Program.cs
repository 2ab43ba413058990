using System.Diagnostics;
using System.Globalization;
using Ds4Provider.Watchdog.Setup.Choosing;
using Ds4Provider.Watchdog.Setup.Weights;
using Ds4Provider.Watchdog.Setup.Weights.Download;
using Microsoft.Extensions.Logging.Abstractions;

// weight-fetcher ENDPOINT FOLDER FILE BYTES [small]: fetches a file of a hub and prints seconds and peak memory in bytes;
// "small" takes small parts and remembers them often, so that a kill meets the middle of something.
ModelVariant variant = FlashManifest.Variants[0] with
{
    FileName = args[2],
    FileBytes = long.Parse(args[3], CultureInfo.InvariantCulture),
    Sha256 = null,
};
DownloadLimits limits = args.Contains("small")
    ? new DownloadLimits { ChunkBytes = 64 << 10, Connections = 4, SaveEvery = TimeSpan.FromMilliseconds(2), ReportEvery = TimeSpan.FromMilliseconds(2) }
    : new DownloadLimits();
using HttpClient http = HubHttp.Create("test");
var setting = new DownloadSetting(http, new HubOrigin(http, new Uri(args[0]), () => null, limits.Stall), limits, () => long.MaxValue, TimeProvider.System);
var store = new WeightStore(args[1], new Lazy<Downloader>(new Downloader(setting, NullLogger<Downloader>.Instance)), _ => null, NullLogger<WeightStore>.Instance);
Console.WriteLine(store.MissingBytes(variant));
long begun = Stopwatch.GetTimestamp();
await store.EnsureAsync(variant, () => true, _ => { }, CancellationToken.None);
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(begun).TotalSeconds:0.000} {PeakMemory()}"));

static long PeakMemory() => Process.GetCurrentProcess().PeakWorkingSet64;

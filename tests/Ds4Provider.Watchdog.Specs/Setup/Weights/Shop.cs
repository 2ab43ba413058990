using Ds4Provider.Watchdog.Setup.Choosing;
using Ds4Provider.Watchdog.Setup.Weights;
using Ds4Provider.Watchdog.Setup.Weights.Download;
using Ds4Provider.Wire.Watchdog;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ds4Provider.Watchdog.Specs.Setup.Weights;

/// <summary>A store of weights in a folder of its own, and the hub that it fetches from.</summary>
internal sealed class Shop : IAsyncDisposable
{
    public const int ChunkBytes = 32 * 1024;
    private readonly HttpClient _http = HubHttp.Create("test");

    private Shop(Hub hub)
    {
        Hub = hub;
        Models = Folder["models"];
        Directory.CreateDirectory(Models);
        Variant = FlashManifest.Variants[0] with { FileName = "weights.gguf", FileBytes = hub.Content.Length, Sha256 = null };
        Environment["HOME"] = Folder["home"];
    }

    public Hub Hub { get; }

    public TemporaryFolder Folder { get; } = new();

    public string Models { get; set; }

    public ModelVariant Variant { get; set; }

    public Dictionary<string, string> Environment { get; } = [];

    public List<Progress> Told { get; } = [];

    public long FreeDisk { get; set; } = long.MaxValue;

    public DownloadLimits Limits { get; set; } = new()
    {
        Connections = 4,
        ChunkBytes = ChunkBytes,
        RunChunks = 4,
        Stall = TimeSpan.FromSeconds(20),
        FirstWait = TimeSpan.FromMilliseconds(5),
        LongestWait = TimeSpan.FromMilliseconds(20),
        LongestWish = TimeSpan.FromMilliseconds(20),
        ResolveTries = 3,
        FetchTries = 6,
        ReportEvery = TimeSpan.FromMilliseconds(5),
        SaveEvery = TimeSpan.FromMilliseconds(10),
        DiskReserve = 1,
    };

    public string Complete => Path.Combine(Models, "weights.gguf");

    public static async Task<Shop> OpenAsync(int size = 40 * ChunkBytes + 1234, int seed = 7)
    {
        byte[] content = new byte[size];
        new Random(seed).NextBytes(content);
        return new Shop(await Hub.StartAsync(content));
    }

    public WeightStore Store()
    {
        string? Variable(string name) => Environment.GetValueOrDefault(name);
        var origin = new HubOrigin(_http, Hub.Endpoint, () => HubToken.Find(Variable), Limits.Stall);
        var setting = new DownloadSetting(_http, origin, Limits, () => FreeDisk, TimeProvider.System);
        return new WeightStore(Models, new Lazy<Downloader>(new Downloader(setting, NullLogger<Downloader>.Instance)), Variable, NullLogger<WeightStore>.Instance);
    }

    public Task<string> EnsureAsync(bool mayDownload = true, CancellationToken? cancellationToken = null) =>
        Store().EnsureAsync(Variant, () => mayDownload, Tell, cancellationToken ?? TestContext.Current.CancellationToken);

    public async Task<Failed> RefuseAsync(bool mayDownload = true) =>
        (await Should.ThrowAsync<SetupException>(() => EnsureAsync(mayDownload))).Failed;

    /// <summary>The weights are complete, right, and alone.</summary>
    public void ShouldBeComplete()
    {
        File.ReadAllBytes(Complete).ShouldBe(Hub.Content);
        Directory.GetFiles(Models).Select(Path.GetFileName).Order()
            .ShouldBe(["weights.gguf", "weights.gguf.lock", "weights.gguf.receipt"]);
        WeightReceipt.Parse(File.ReadAllBytes(Complete + ".receipt"))!.Sha256.ShouldBe(Hub.Sha256);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Hub.DisposeAsync();
        Folder.Dispose();
    }

    private void Tell(Progress progress)
    {
        lock (Told)
            Told.Add(progress);
    }
}

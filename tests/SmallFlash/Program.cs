using System.Security.Cryptography;
using Ds4Provider.Cli.Commands;
using Ds4Provider.Watchdog.Setup.Choosing;
using Ds4Provider.Watchdog.Setup.Weights.Download;

// small-flash watchdog | server, as ds4 has them. The content of the file is pinned: what a hub serves in its place is refused.
if (args is ["server"])
    return await ServerCommand.RunAsync();
string file = Path.Combine(AppContext.BaseDirectory, "models", "ds4-demo.gguf");
using FileStream content = File.OpenRead(file);
ModelVariant small = FlashManifest.Variants[0] with
{
    Name = "small",
    FileName = "small-flash.gguf",
    FileBytes = content.Length,
    MachineBytes = 0,
    Sha256 = Convert.ToHexStringLower(SHA256.HashData(content)),
    MaximumContext = 32 * 1024,
};
return await WatchdogCommand.RunAsync(WatchdogCommand.ReadOptions() with
{
    Variants = [small],
    // What is on the disk is remembered at every report, so that a fault meets few bytes that are not.
    Downloads = new DownloadLimits
    {
        ChunkBytes = 256 << 10, Connections = 4, SaveEvery = TimeSpan.FromMilliseconds(1), ReportEvery = TimeSpan.FromMilliseconds(50),
    },
});

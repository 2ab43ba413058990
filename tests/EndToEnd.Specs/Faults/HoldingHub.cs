using Ds4Provider.Watchdog.Specs.Setup.Weights;
using EndToEnd.Specs.Processes;

namespace EndToEnd.Specs.Faults;

/// <summary>A hub that serves three quarters of the weights and holds the rest back until it is told to go on: a moment that lasts.</summary>
internal sealed class HoldingHub : IAsyncDisposable
{
    // As small-flash fetches: so much is under way at a time, and may be fetched again when it did not arrive.
    private const int Connections = 4;
    private const int RunBytes = 4 * (256 << 10);

    private readonly Hub hub;
    private readonly TaskCompletionSource holding = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource going = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private HoldingHub(Hub hub)
    {
        this.hub = hub;
        hub.Fault = async (_, _) =>
        {
            if (hub.Served < hub.Content.Length / 4 * 3)
                return false;
            holding.TrySetResult();
            await Task.WhenAny(going.Task, hub.Closing);
            return false;
        };
    }

    public string Endpoint => hub.Endpoint.ToString();

    /// <summary>Completes when the first request is held back.</summary>
    public Task Holding => holding.Task;

    /// <summary>Bytes that were served.</summary>
    public long Served => hub.Served;

    /// <summary>Most bytes that may be served, when none is fetched again that was safe.</summary>
    public long Most => hub.Content.Length + (Connections * RunBytes);

    public static async Task<HoldingHub> StartAsync() =>
        new(await Hub.StartAsync(await File.ReadAllBytesAsync(Path.Combine(Path.GetDirectoryName(BuildOutput.SmallFlash)!, "models", "ds4-demo.gguf"))));

    /// <summary>Serves the rest.</summary>
    public void GoOn() => going.TrySetResult();

    public ValueTask DisposeAsync() => hub.DisposeAsync();
}

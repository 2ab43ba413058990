using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Dummy;

/// <summary>
/// A program that uses a model: takes a lease on the watchdog of its environment, prints what it is told, and lives
/// until it is killed.
/// </summary>
internal static class DummyClient
{
    public static async Task<int> RunAsync(string model)
    {
        WatchdogPaths paths = WatchdogPaths.FromEnvironment(Environment.GetEnvironmentVariable);
        var launcher = new WatchdogLauncher(
            paths,
            _ => Task.FromResult(Environment.GetEnvironmentVariable("DUMMY_DS4")!),
            Environment.GetEnvironmentVariable,
            TimeProvider.System);
        await using WatchdogConnection connection = await launcher.ConnectAsync("dummy client", CancellationToken.None);
        await connection.TrySendAsync(new Acquire(model), CancellationToken.None);
        await foreach (WatchdogMessage message in connection.ReceiveAllAsync(CancellationToken.None))
            Console.WriteLine(WatchdogProtocol.Write(message));
        return 0;
    }
}

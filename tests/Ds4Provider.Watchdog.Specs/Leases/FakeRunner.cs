using System.Collections.Concurrent;
using System.Threading.Channels;
using Ds4Provider.Watchdog.Supervision;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Watchdog.Specs.Leases;

/// <summary>Runs that do what a test says.</summary>
internal sealed class FakeRunner : IModelRunner
{
    private readonly Channel<FakeRun> _runs = Channel.CreateUnbounded<FakeRun>();

    public bool Knows(string model) => model is "demo" or "deepseek-v4-flash";

    public Task RunAsync(string model, IModelRunObserver observer, CancellationToken stopping)
    {
        var run = new FakeRun(model, observer, stopping);
        _runs.Writer.TryWrite(run);
        return run.End.Task;
    }

    public ValueTask<FakeRun> NextAsync(CancellationToken cancellationToken) => _runs.Reader.ReadAsync(cancellationToken);

    public bool HasStartedAnother => _runs.Reader.TryPeek(out _);
}

internal sealed record FakeRun(string Model, IModelRunObserver Observer, CancellationToken Stopping) : IServerControl
{
    public const int ServerPid = 4321;

    public TaskCompletionSource End { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void BecomeReady() => Observer.Ready(new Ready("/run/server.sock", Model, 8192) { ServerPid = ServerPid }, this);

    public Task<Listening> ListenAsync(string host, int port, CancellationToken cancellationToken) => port == 1
        ? Task.FromException<Listening>(new SetupException(FailureReason.PortInUse, "Port 1 is taken.", "Choose another."))
        : Task.FromResult(new Listening($"http://{host}:{port}", "key"));

    /// <summary>Listeners that were given back.</summary>
    public ConcurrentQueue<string> Released { get; } = [];

    public void Release(Listening listening) => Released.Enqueue(listening.Address);
}

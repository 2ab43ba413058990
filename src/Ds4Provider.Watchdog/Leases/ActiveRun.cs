using Ds4Provider.Watchdog.Supervision;
using Ds4Provider.Wire.Server;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Watchdog.Leases;

/// <summary>What the coordinator knows of the one model that runs or is being set up.</summary>
internal sealed class ActiveRun(string model) : IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _stopped = Task.CompletedTask;
    private bool _mayDownload;

    public string Model { get; } = model;

    /// <summary>Asked to stop: it takes no lease any more.</summary>
    public bool IsStopping => _stopping.IsCancellationRequested;

    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Whether a client that waits for it allows that weights are fetched; read by the run's own thread.</summary>
    public bool MayDownload
    {
        get => Volatile.Read(ref _mayDownload);
        set => Volatile.Write(ref _mayDownload, value);
    }

    /// <summary>Whether the server has answered at least once.</summary>
    public bool WasReady { get; set; }

    /// <summary>The latest step while there is no server, for those who come late.</summary>
    public Progress Progress { get; set; } = new(SetupPhase.Waiting, $"Preparing {model}");

    /// <summary>Set while the server answers.</summary>
    public Ready? Ready { get; set; }

    public IServerControl? Server { get; set; }

    /// <summary>What the server said last of its work; null until it worked.</summary>
    public ServerWork? Work { get; set; }

    /// <summary>The next look at the machine.</summary>
    public ITimer? Looks { get; set; }

    /// <summary>
    /// Asks it to stop. What steps do then, such as killing a compiler, is done on threads of others, and what goes wrong with
    /// it is in the task: it must not meet the one who asks.
    /// </summary>
    public Task StopAsync() => _stopped = _stopping.CancelAsync();

    public void Dispose()
    {
        Looks?.Dispose();
        _stopped.ContinueWith(_ => _stopping.Dispose(), TaskScheduler.Default);
    }
}

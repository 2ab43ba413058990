using System.Collections.Concurrent;
using Ds4Provider.Wire.Watchdog;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Lease;

/// <summary>
/// This process's lease: one connection to the watchdog, opened when a model is first wanted and kept until disposal.
/// A reader follows it all the time, so that "ready" is a field and needs no probe.
/// </summary>
/// <remarks>
/// One acquisition runs at a time; callers that want the same model share it, and it ends when the last of them gives
/// up. A watchdog that died is connected to, or started, again by the next search.
/// Files by concern: callers, the acquisition, the connection, what is logged.
/// </remarks>
/// <param name="connect">Connects to the watchdog; starts it when none runs.</param>
/// <param name="logger">Logger.</param>
internal sealed partial class WatchdogLease(Func<CancellationToken, Task<WatchdogConnection>> connect, ILogger logger) : IServerLocator
{
    private const int MaximumConnections = 3;
    private const string LogsHint = "Its logs are in the folder 'logs' of ~/.ds4 (or of DS4_HOME).";
    private static readonly Ds4Progress Beginning = new(Ds4Phase.Waiting, "Looking for the watchdog");
    private static readonly Ds4Progress LookingAgain = new(Ds4Phase.Waiting, "The watchdog ended; looking for the next one");

    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<string, HttpClient> _clients = new();
    private volatile ServerEndpoint? _ready;
    private readonly List<Task> _running = [];
    private Acquisition? _pending;
    private Ds4Progress? _step; // on the way to ready, at the first time or again
    private Exception? _failure; // of the last acquisition
    private HeldConnection? _held;
    private TimeSpan _linger;
    private bool _disposed;

    private sealed record HeldConnection(WatchdogConnection Connection)
    {
        public Task Reading { get; set; } = Task.CompletedTask;
    }

    public ValueTask<ServerEndpoint> FindAsync(string model, Preparation preparation, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return _ready is { } ready && ready.RequestedModel == model
            ? ValueTask.FromResult(ready)
            : new ValueTask<ServerEndpoint>(AskAndWaitAsync(model, preparation, cancellationToken));
    }

    public event Action<string>? Noticed;

    public ServerCondition Condition
    {
        get
        {
            lock (_gate)
            {
                if (_ready is { } ready)
                    return new ServerCondition(ready);
                return _pending is null && _held is null ? new ServerCondition(Failure: _failure) : new ServerCondition(Step: _step ?? Beginning);
            }
        }
    }

    public void Forget(ServerEndpoint endpoint)
    {
        lock (_gate)
        {
            if (ReferenceEquals(_ready, endpoint))
                _ready = null;
        }
    }

    public void LingerOnDispose(TimeSpan duration) => _linger = duration;

    public async ValueTask DisposeAsync()
    {
        HeldConnection? held;
        Task[] running;
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            running = [.. _running];
            held = Detach();
            _pending?.Fail(new ObjectDisposedException(nameof(Ds4Runtime)));
            _pending?.Abandon();
            _pending = null;
        }
        if (held is not null)
        {
            if (_linger > TimeSpan.Zero)
                await SendLingerAsync(held.Connection).ConfigureAwait(false);
            await held.Connection.DisposeAsync().ConfigureAwait(false);
            await held.Reading.ConfigureAwait(false);
        }
        // Nothing of ours runs on: a host may unload this assembly next.
        await Task.WhenAll(running).ConfigureAwait(false);
        foreach (HttpClient client in _clients.Values)
            client.Dispose();
    }

    private async Task<ServerEndpoint> AskAndWaitAsync(string model, Preparation preparation, CancellationToken cancellationToken)
    {
        bool ask = preparation.ConfirmDownload is not null;
        while (true)
        {
            try
            {
                return await WaitAsync(model, ask, preparation.Progress, cancellationToken).ConfigureAwait(false);
            }
            catch (Ds4UnavailableException needed) when (needed.Reason == Ds4UnavailableReason.DownloadNeeded)
            {
                // Without a callback the download was wanted anyway: somebody else's question was shared.
                if (ask && !await preparation.ConfirmDownload!(needed.NeededBytes ?? 0, cancellationToken).ConfigureAwait(false))
                {
                    throw new Ds4UnavailableException(
                        Ds4UnavailableReason.DownloadRefused, needed.Problem, "Allow the download, or choose another model.", needed);
                }
                ask = false;
            }
        }
    }

    private async Task<ServerEndpoint> WaitAsync(string model, bool ask, IProgress<Ds4Progress>? progress, CancellationToken cancellationToken)
    {
        while (true)
        {
            Acquisition acquisition;
            Ds4Progress? latest;
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_disposed, typeof(Ds4Runtime));
                if (_ready is { } ready && ready.RequestedModel == model)
                    return ready;
                acquisition = _pending ?? Begin(model, ask);
                latest = acquisition.Latest;
                if (acquisition.Model == model)
                    acquisition.Join(progress);
            }
            if (acquisition.Model == model)
            {
                if (latest is not null)
                    Tell(progress, latest);
                return await WaitAsync(acquisition, progress, cancellationToken).ConfigureAwait(false);
            }
            Tell(progress, new Ds4Progress(Ds4Phase.Waiting, $"Waiting until {acquisition.Model} is prepared for another request"));
            await ((Task)acquisition.Completion).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private async Task<ServerEndpoint> WaitAsync(Acquisition acquisition, IProgress<Ds4Progress>? progress, CancellationToken cancellationToken)
    {
        try
        {
            return await acquisition.Completion.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            HeldConnection? released = null;
            lock (_gate)
            {
                acquisition.Leave(progress);
                if (acquisition.Waiters == 0 && _pending == acquisition)
                {
                    // Nobody wants it any more: letting go of the lease lets the watchdog stop the work.
                    _pending = null;
                    released = Detach();
                    acquisition.Abandon();
                }
            }
            if (released is not null)
                await released.Connection.DisposeAsync().ConfigureAwait(false);
        }
    }
}

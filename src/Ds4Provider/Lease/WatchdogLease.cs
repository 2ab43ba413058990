using System.Collections.Concurrent;
using System.ComponentModel;
using System.Net.Sockets;
using System.Text.Json;
using Ds4Provider.Progress;
using Ds4Provider.Wire.Watchdog;
using Microsoft.Extensions.Logging;
using WireProgress = Ds4Provider.Wire.Watchdog.Progress;

namespace Ds4Provider.Lease;

/// <summary>
/// This process's lease: one connection to the watchdog, opened when a model is first wanted and kept until disposal.
/// A reader follows it all the time, so that "ready" is a field and needs no probe.
/// </summary>
/// <remarks>
/// One acquisition runs at a time; callers that want the same model share it, and it ends when the last of them gives
/// up. A watchdog that died is connected to, or started, again by the next search.
/// </remarks>
/// <param name="connect">Connects to the watchdog; starts it when none runs.</param>
/// <param name="logger">Logger.</param>
internal sealed partial class WatchdogLease(Func<CancellationToken, Task<WatchdogConnection>> connect, ILogger logger) : IServerLocator
{
    private const int MaximumConnections = 3;
    private const string LogsHint = "Its logs are in the folder 'logs' of ~/.ds4 (or of DS4_HOME).";
    private static readonly Ds4Progress Beginning = new(Ds4Phase.Waiting, "Looking for the watchdog");

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

    // ---- callers ---------------------------------------------------------------------------------------------------

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

    // ---- the acquisition -------------------------------------------------------------------------------------------

    private Acquisition Begin(string model, bool ask)
    {
        var acquisition = new Acquisition(model, ask);
        (_pending, _failure) = (acquisition, null);
        _ready = null; // Another model is being replaced.
        _running.RemoveAll(run => run.IsCompleted);
        _running.Add(Task.Run(() => RunAsync(acquisition), CancellationToken.None));
        return acquisition;
    }

    private async Task RunAsync(Acquisition acquisition)
    {
        try
        {
            for (int connections = 1; ; connections++)
            {
                HeldConnection held = await HoldAsync(acquisition).ConfigureAwait(false);
                var acquire = new Acquire(acquisition.Model) { AskBeforeDownload = acquisition.AskBeforeDownload };
                await held.Connection.TrySendAsync(acquire, acquisition.Abandoned).ConfigureAwait(false);
                await Task.WhenAny(acquisition.Completion, held.Reading).WaitAsync(acquisition.Abandoned).ConfigureAwait(false);
                if (acquisition.Completion.IsCompleted)
                    return;
                LogWatchdogGone(logger, acquisition.Model);
                if (connections == MaximumConnections)
                    throw new Ds4UnavailableException(
                        Ds4UnavailableReason.StartFailed, $"The watchdog ended {connections} times while it prepared {acquisition.Model}.",
                        LogsHint);
            }
        }
        catch (WatchdogUnavailableException error)
        {
            Fail(acquisition, new Ds4UnavailableException(error.Failure, error));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or SocketException or Win32Exception or JsonException)
        {
            Fail(acquisition, new Ds4UnavailableException(
                Ds4UnavailableReason.StartFailed, $"The watchdog cannot be reached: {error.Message}", LogsHint, error));
        }
        catch (Exception error)
        {
            Fail(acquisition, error);
        }
        finally
        {
            acquisition.Dispose();
        }
    }

    private async Task<HeldConnection> HoldAsync(Acquisition acquisition)
    {
        lock (_gate)
        {
            if (_held is { } held && !acquisition.Abandoned.IsCancellationRequested)
                return held;
        }
        WatchdogConnection connection = await connect(acquisition.Abandoned).ConfigureAwait(false);
        bool wanted;
        var opened = new HeldConnection(connection);
        lock (_gate)
        {
            wanted = !acquisition.Abandoned.IsCancellationRequested;
            if (wanted)
                _held = opened;
        }
        if (!wanted)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw new OperationCanceledException(acquisition.Abandoned);
        }
        opened.Reading = ReadAsync(opened);
        return opened;
    }

    private void Fail(Acquisition acquisition, Exception error)
    {
        lock (_gate)
        {
            if (_pending == acquisition)
                (_pending, _failure) = (null, error);
        }
        acquisition.Fail(error);
    }

    // ---- the connection --------------------------------------------------------------------------------------------

    private async Task ReadAsync(HeldConnection held)
    {
        try
        {
            await foreach (WatchdogMessage message in held.Connection.ReceiveAllAsync(CancellationToken.None).ConfigureAwait(false))
                Handle(held, message);
        }
        catch (JsonException error)
        {
            LogGarbage(logger, error);
        }
        lock (_gate)
        {
            if (_held == held)
                Detach();
        }
        await held.Connection.DisposeAsync().ConfigureAwait(false);
    }

    private void Handle(HeldConnection held, WatchdogMessage message)
    {
        switch (message)
        {
            case WireProgress progress:
                Progressed(held, progress);
                break;
            case Ready ready:
                BecameReady(held, ready);
                break;
            case Failed { Reason: FailureReason.Stopping }:
                break; // The connection ends when it has stopped; then the next watchdog is asked.
            case Failed failed:
                _ = RefusedAsync(held, failed);
                break;
            case Notice notice:
                Notify(notice.Message);
                break;
            case Stopping stopping:
                LogStopping(logger, stopping.Reason);
                break;
            default:
                LogUnexpected(logger, message.GetType().Name);
                break;
        }
    }

    private void Progressed(HeldConnection held, WireProgress progress)
    {
        Ds4Progress translated = ProgressTranslation.Translate(progress);
        IProgress<Ds4Progress>[] listeners;
        lock (_gate)
        {
            if (_held != held)
                return;
            (_ready, _step) = (null, translated); // Whatever it does, it does not answer meanwhile.
            listeners = _pending?.Note(translated) ?? [];
        }
        foreach (IProgress<Ds4Progress> listener in listeners)
            Tell(listener, translated);
    }

    private void BecameReady(HeldConnection held, Ready ready)
    {
        HttpClient http = _clients.GetOrAdd(ready.Socket, HttpClients.ForSocket);
        var endpoint = new ServerEndpoint(ready.Model, ready.Model, ready.ContextWindow, ready.DisplayName, http);
        Acquisition? completed;
        lock (_gate)
        {
            // A late word about the model that is being replaced is of no use.
            if (_held != held || (_pending is not null && _pending.Model != ready.Model))
                return;
            _ready = endpoint;
            completed = _pending;
            _pending = null;
        }
        LogReady(logger, ready.Model, ready.ContextWindow);
        completed?.Complete(endpoint);
    }

    /// <summary>The lease goes with the failure: held for nothing, it would keep other programs from using another model.</summary>
    private async Task RefusedAsync(HeldConnection held, Failed failed)
    {
        var failure = new Ds4UnavailableException(failed);
        Acquisition? refused;
        lock (_gate)
        {
            if (_held != held)
                return;
            Detach();
            refused = _pending;
            (_pending, _failure) = (null, failure);
        }
        LogFailed(logger, failed.Reason, failed.Message);
        refused?.Fail(failure);
        await held.Connection.DisposeAsync().ConfigureAwait(false);
    }

    private HeldConnection? Detach()
    {
        HeldConnection? held = _held;
        (_held, _ready, _step) = (null, null, null);
        return held;
    }

    private async Task SendLingerAsync(WatchdogConnection connection)
    {
        if (!await connection.TrySendAsync(new Linger((int)Math.Clamp(_linger.TotalSeconds, 0, 600)), CancellationToken.None).ConfigureAwait(false))
            LogLingerLost(logger);
    }

    private void Notify(string message)
    {
        LogNotice(logger, message);
        try
        {
            Noticed?.Invoke(message);
        }
        catch (Exception error)
        {
            LogListenerFailed(logger, error); // As in Tell.
        }
    }

    private void Tell(IProgress<Ds4Progress>? listener, Ds4Progress progress)
    {
        try
        {
            listener?.Report(progress);
        }
        catch (Exception error)
        {
            // A listener's fault must not end the reader, on which every caller of this process depends.
            LogListenerFailed(logger, error);
        }
    }

    [LoggerMessage(LogLevel.Information, "{Model} is ready, with a context of {ContextWindow} tokens")]
    private static partial void LogReady(ILogger logger, string model, int contextWindow);

    [LoggerMessage(LogLevel.Warning, "The watchdog refuses ({Reason}): {Message}")]
    private static partial void LogFailed(ILogger logger, FailureReason reason, string message);

    [LoggerMessage(LogLevel.Warning, "{Notice}")]
    private static partial void LogNotice(ILogger logger, string notice);

    [LoggerMessage(LogLevel.Information, "The watchdog is stopping: {Reason}")]
    private static partial void LogStopping(ILogger logger, string reason);

    [LoggerMessage(LogLevel.Warning, "The watchdog ended while {Model} was being prepared; connecting again")]
    private static partial void LogWatchdogGone(ILogger logger, string model);

    [LoggerMessage(LogLevel.Error, "The watchdog sent a line that is not of its protocol")]
    private static partial void LogGarbage(ILogger logger, Exception error);

    [LoggerMessage(LogLevel.Warning, "The watchdog sent an unexpected '{Type}'")]
    private static partial void LogUnexpected(ILogger logger, string type);

    [LoggerMessage(LogLevel.Information, "The watchdog was gone before it could be asked to wait")]
    private static partial void LogLingerLost(ILogger logger);

    [LoggerMessage(LogLevel.Warning, "A listener failed")]
    private static partial void LogListenerFailed(ILogger logger, Exception error);
}

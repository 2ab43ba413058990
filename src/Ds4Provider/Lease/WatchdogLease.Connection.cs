using System.Text.Json;
using Ds4Provider.Progress;
using Ds4Provider.Wire.Watchdog;
using WireProgress = Ds4Provider.Wire.Watchdog.Progress;

namespace Ds4Provider.Lease;

/// <content>The connection, and what comes over it.</content>
internal sealed partial class WatchdogLease
{
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
                Progressed(held, ProgressTranslation.Translate(progress));
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
                // The model may still answer: a reply that is being written goes on.
                if (_ready is null)
                    Progressed(held, new Ds4Progress(Ds4Phase.Stopping, stopping.Reason));
                break;
            default:
                LogUnexpected(logger, message.GetType().Name);
                break;
        }
    }

    private void Progressed(HeldConnection held, Ds4Progress progress)
    {
        IProgress<Ds4Progress>[] listeners;
        lock (_gate)
        {
            if (_held != held)
                return;
            (_ready, _step) = (null, progress); // Whatever it does, it does not answer meanwhile.
            listeners = _pending?.Note(progress) ?? [];
        }
        foreach (IProgress<Ds4Progress> listener in listeners)
            Tell(listener, progress);
    }

    /// <summary>Whoever waits hears that the next watchdog is looked for: until that one speaks, there would be silence.</summary>
    private void LookAgain(Acquisition acquisition)
    {
        LogWatchdogGone(logger, acquisition.Model);
        IProgress<Ds4Progress>[] listeners;
        lock (_gate)
        {
            if (_pending != acquisition)
                return;
            listeners = acquisition.Note(LookingAgain);
        }
        foreach (IProgress<Ds4Progress> listener in listeners)
            Tell(listener, LookingAgain);
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
            (_ready, _step) = (endpoint, null);
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
        Call(() => Noticed?.Invoke(message));
    }

    private void Tell(IProgress<Ds4Progress>? listener, Ds4Progress progress) => Call(() => listener?.Report(progress));

    private void Call(Action listener)
    {
        try
        {
            listener();
        }
        catch (Exception error)
        {
            // A listener's fault must not end the reader, on which every caller of this process depends.
            LogListenerFailed(logger, error);
        }
    }
}

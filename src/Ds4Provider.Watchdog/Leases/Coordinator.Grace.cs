using Ds4Provider.Watchdog.Connections;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Watchdog.Leases;

/// <content>The end of leases, the grace after the last one, and the watchdog's own end.</content>
internal sealed partial class Coordinator
{
    /// <summary>How long a client that is about to say what it wants is waited for.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private ITimer? _graceTimer;
    private bool _graceOver;

    /// <summary>
    /// Whoever started the watchdog is about to connect, but looks for the socket only now and then: with a short grace
    /// the watchdog would be gone again before it looked.
    /// </summary>
    private void AwaitFirstClient()
    {
        if (!_ending && !Leases.Any())
            _graceTimer ??= StartGrace(_grace > Patience ? _grace : Patience);
    }

    /// <summary>A connection that held a lease is closed.</summary>
    private void LetGo(Lease lease)
    {
        LogLeaseEnded(_logger, lease.Client, lease.Pid, lease.Linger);
        if (lease.Linger > TimeSpan.Zero)
            KeepFor(lease, lease.Linger);
        WatchGrace();
    }

    private void KeepFor(Lease lease, TimeSpan linger)
    {
        _lingering.Add(lease);
        // The timer is rooted by the lease list's closure and disposes itself by firing once.
        ITimer? timer = null;
        timer = _time.CreateTimer(
            _ => _mailbox.Post(() =>
            {
                timer?.Dispose();
                if (_lingering.Remove(lease))
                    WatchGrace();
            }),
            null,
            linger,
            Timeout.InfiniteTimeSpan);
    }

    /// <summary>Starts the grace when no lease is left and ends it when there is one. Called after every change of leases.</summary>
    private void WatchGrace()
    {
        if (_ending)
            return;
        AdmitWaiting();
        if (Leases.Any())
        {
            _graceTimer?.Dispose();
            (_graceTimer, _graceOver) = (null, false);
            return;
        }
        // Nobody waits for a setup that was never finished; a server that ran may be wanted again within the grace.
        if (_run is { WasReady: false })
            StopRun();
        if (!_graceOver || _run is not null)
            _graceTimer ??= StartGrace(_grace);
        else if (!AwaitUndecided())
            End($"no program has used a model for {_grace.TotalSeconds:0} seconds");
    }

    private ITimer StartGrace(TimeSpan grace)
    {
        ITimer? timer = null;
        timer = _time.CreateTimer(_ => _mailbox.Post(() => GraceOver(timer)), null, grace, Timeout.InfiniteTimeSpan);
        return timer;
    }

    private void GraceOver(ITimer? timer)
    {
        // A lease may have arrived after the timer fired: then this is not the current timer any more.
        if (timer != _graceTimer)
            return;
        timer?.Dispose();
        if (AwaitUndecided())
            return;
        _graceOver = true;
        // Clients may still come while the server drains; the watchdog ends only when they do not.
        StopRun();
        WatchGrace();
    }

    /// <summary>Somebody has just been welcomed and is about to say what for. Each such client is waited for once.</summary>
    private bool AwaitUndecided()
    {
        if (_undecided.Count == 0)
            return false;
        _undecided.Clear();
        (_graceTimer, _graceOver) = (StartGrace(Patience), false);
        return true;
    }

    private void End(string reason)
    {
        if (_ending)
            return;
        _ending = true;
        LogEnding(_logger, reason);
        foreach (ClientConnection connection in _connections)
            connection.Send(new Stopping($"The watchdog stops: {reason}."));
        _held.Clear();
        _lingering.Clear();
        _waiting.Clear();
        _graceTimer?.Dispose();
        if (_run is null)
            _mailbox.Close();
        else
            StopRun();
    }
}

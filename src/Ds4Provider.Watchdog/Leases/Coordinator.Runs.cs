using Ds4Provider.Watchdog.Connections;
using Ds4Provider.Watchdog.Supervision;
using Ds4Provider.Wire.Server;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Watchdog.Leases;

/// <content>The run of a model: started for its first lease, shared by all, stopped for a switch or at the end.</content>
internal sealed partial class Coordinator
{
    private void Serve(ClientConnection connection, string model)
    {
        if (_run is null)
        {
            StartRun(model);
            return;
        }
        if (_run.Model != model)
            StopRun();
        Allow(_run);
        if (_run.IsStopping)
            connection.Send(new Progress(SetupPhase.Waiting, $"Waiting for {_run.Model} to stop"));
        else if (_run.Ready is { } ready)
            TellReady(ready, connection.Send);
        else
            connection.Send(_run.Progress);
    }

    private void StartRun(string model)
    {
        var run = new ActiveRun(model);
        _run = run;
        _wakeLock.Hold();
        Allow(run);
        Broadcast(run.Progress);
        run.Looks = _time.CreateTimer(_ => LookAtMachine(run), null, StrainWatch.Interval, Timeout.InfiniteTimeSpan);
        _ = RunToEndAsync(run);
    }

    // One client that allows a download is enough; it stays allowed while the run lasts.
    private void Allow(ActiveRun run) => run.MayDownload |= Leases.Any(lease => lease.MayDownload && lease.Model == run.Model);

    private async Task RunToEndAsync(ActiveRun run)
    {
        Failed? failed = null;
        try
        {
            await Task.Run(() => _runner.RunAsync(run.Model, new RunObserver(this, run), run.Stopping)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (run.IsStopping)
        {
            LogSetupCancelled(_logger, run.Model);
        }
        catch (SetupException exception)
        {
            failed = exception.Failed;
        }
        catch (Exception exception)
        {
            // A defect or a broken disk: the clients must hear of it, and the next acquire may do better.
            LogRunBroke(_logger, exception, run.Model);
            failed = new Failed(FailureReason.StartFailed, $"{run.Model} cannot be served: {exception.Message}", "See the watchdog's log.");
        }
        _mailbox.Post(() => RunEnded(run, failed));
    }

    // On a thread of its own: a disk that does not answer must not stop the coordinator.
    private void LookAtMachine(ActiveRun run)
    {
        IReadOnlyList<string> news = _strain.Look();
        _mailbox.Post(() =>
        {
            if (run != _run)
                return;
            foreach (string message in news)
            {
                LogNotice(_logger, message);
                Broadcast(new Notice(message));
            }
            run.Looks?.Change(StrainWatch.Interval, Timeout.InfiniteTimeSpan);
        });
    }

    private void StopRun()
    {
        if (_run is not { IsStopping: false } run)
            return;
        LogStopping(_logger, run.Model);
        _ = StopAsync(run);
        (run.Ready, run.Server) = (null, null);
    }

    private async Task StopAsync(ActiveRun run)
    {
        try
        {
            await run.StopAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // One step could not be ended; the run ends with its others, and whoever comes next has a watchdog.
            LogStopBroke(_logger, exception, run.Model);
        }
    }

    private void Progressed(ActiveRun run, Progress progress)
    {
        if (run != _run || run.IsStopping)
            return;
        if (progress.Phase == SetupPhase.Restarting)
            _restarts++;
        (run.Progress, run.Ready, run.Server) = (progress, null, null);
        Broadcast(progress);
    }

    private void BecameReady(ActiveRun run, Ready ready, IServerControl server)
    {
        if (run != _run || run.IsStopping)
            return;
        LogReady(_logger, ready.Model, ready.ServerPid);
        (run.WasReady, run.Ready, run.Server) = (true, ready, server);
        _wakeLock.Release();
        TellReady(ready, Broadcast);
    }

    private static void TellReady(Ready ready, Action<WatchdogMessage> tell)
    {
        tell(ready);
        if (GpuFallback.Notice(GpuFallback.IsAppleSilicon, ready.ComputesOn) is { } notice)
            tell(new Notice(notice));
    }

    private void WorkWentOn(ActiveRun run, ServerWork work)
    {
        run.Work = work;
        if (work.ActiveRequests > 0)
            _wakeLock.Hold();
        else
            _wakeLock.Release();
    }

    private void RunEnded(ActiveRun run, Failed? failed)
    {
        _run = null;
        _wakeLock.Release();
        if (failed is not null && !run.IsStopping)
            GiveUp(failed);
        run.Dispose();
        if (_ending)
            _mailbox.Close();
        else if (Leases.FirstOrDefault() is { } next)
            StartRun(next.Model);
        else
            WatchGrace();
    }

    /// <summary>A model that cannot be served holds no leases: each client hears why and may ask again.</summary>
    private void GiveUp(Failed failed)
    {
        LogFailed(_logger, failed.Reason, failed.Message);
        // Whoever allowed a download came too late for this run: the next one is theirs.
        KeyValuePair<ClientConnection, Lease>[] refused =
            [.. _held.Where(held => failed.Reason != FailureReason.DownloadNeeded || !held.Value.MayDownload)];
        foreach ((ClientConnection connection, _) in refused)
        {
            connection.Send(failed);
            _held.Remove(connection);
        }
        _lingering.Clear();
    }

    private void Broadcast(WatchdogMessage message)
    {
        foreach (ClientConnection connection in _held.Keys)
            connection.Send(message);
    }

    /// <summary>Carries the run's news into the mailbox.</summary>
    private sealed class RunObserver(Coordinator coordinator, ActiveRun run) : IModelRunObserver
    {
        public bool MayDownload => run.MayDownload;

        public void Progress(Progress progress) => coordinator._mailbox.Post(() => coordinator.Progressed(run, progress));

        public void Ready(Ready ready, IServerControl server) =>
            coordinator._mailbox.Post(() => coordinator.BecameReady(run, ready, server));

        public void Worked(ServerWork work) => coordinator._mailbox.Post(() => coordinator.WorkWentOn(run, work));
    }
}

using Ds4Provider.Server.Scheduling;
using Ds4Provider.Server.Sessions;
using Ds4Provider.Wire.Server;

namespace Ds4Provider.Server.Hosting;

/// <summary>Tells the watchdog while requests run that work goes on; when none runs, only what has changed.</summary>
internal sealed class WorkHeartbeat(
    ServerEventWriter events, Admission admission, WorkMeter meter, ReuseMeter reuse, GenerationWorker worker)
{
    private ServerWork last = new(0, 0, 0);

    public async Task RunAsync(TimeProvider time, TimeSpan interval, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
                Report();
        }
        catch (OperationCanceledException)
        {
            // The server has stopped.
        }
    }

    private void Report()
    {
        var now = new ServerWork(admission.Active, meter.PrefilledTokens, meter.GeneratedTokens) { Reuse = Describe() };
        // Standing counters are told too while requests run: they are how the watchdog sees a stuck engine.
        if (now.ActiveRequests > 0 || now != last)
            events.Write(now);
        last = now;
    }

    private ServerReuse? Describe() => worker.Loaded is { IsCompletedSuccessfully: true, Result: { } model }
        ? new ServerReuse(model.Slots, model.Checkpoints?.Count ?? 0, Math.Round(reuse.Share, 3), Math.Round(reuse.SecondsSaved, 1))
        {
            // While the server stops, the store is gone before the last words are said.
            StoredStates = admission.IsClosed ? 0 : model.Store?.Count ?? 0,
            StoredBytes = admission.IsClosed ? 0 : model.Store?.Bytes ?? 0,
        }
        : null;
}

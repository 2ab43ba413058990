using System.ComponentModel;
using System.Net.Sockets;
using System.Text.Json;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Lease;

/// <content>From "wanted" to "ready".</content>
internal sealed partial class WatchdogLease
{
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
                if (connections == MaximumConnections)
                    throw new Ds4UnavailableException(
                        Ds4UnavailableReason.StartFailed, $"The watchdog ended {connections} times while it prepared {acquisition.Model}.",
                        LogsHint);
                LookAgain(acquisition);
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
}

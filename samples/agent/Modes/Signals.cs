using System.Runtime.InteropServices;

namespace Agent.Modes;

/// <summary>
/// The signals that end the agent. The first one cancels what runs, so that everything ends in order; a second one ends
/// the process as if nobody listened.
/// </summary>
internal sealed class Signals : IDisposable
{
    private readonly CancellationTokenSource received = new();
    private readonly PosixSignalRegistration[] registrations;

    public Signals() => registrations =
    [
        .. ((PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP])
            .Select(signal => PosixSignalRegistration.Create(signal, OnSignal)),
    ];

    public CancellationToken Token => received.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in registrations)
            registration.Dispose();
        received.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        if (received.IsCancellationRequested)
            return;
        context.Cancel = true;
        _ = received.CancelAsync();
    }
}

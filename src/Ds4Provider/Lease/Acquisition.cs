using Ds4Provider.Telemetry;

namespace Ds4Provider.Lease;

/// <summary>
/// One way from "wanted" to "ready", shared by all callers of this process that wait for the same model.
/// The lease's lock guards the list of waiters; the rest is thread-safe.
/// </summary>
internal sealed class Acquisition(string model, bool askBeforeDownload) : IDisposable
{
    private readonly TaskCompletionSource<ServerEndpoint> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _abandoned = new();
    private readonly List<IProgress<Ds4Progress>> _listeners = [];
    private readonly PreparationSpans _spans = new(model);
    private readonly Lock _ending = new();
    private bool _hasEnded;

    public string Model { get; } = model;

    public bool AskBeforeDownload { get; } = askBeforeDownload;

    /// <summary>Number of callers that wait.</summary>
    public int Waiters { get; private set; }

    public Task<ServerEndpoint> Completion => _completion.Task;

    /// <summary>Cancelled when nobody waits any more.</summary>
    public CancellationToken Abandoned => _abandoned.Token;

    /// <summary>The latest step, for those who come late.</summary>
    public Ds4Progress? Latest { get; private set; }

    public void Join(IProgress<Ds4Progress>? listener)
    {
        Waiters++;
        if (listener is not null)
            _listeners.Add(listener);
    }

    public void Leave(IProgress<Ds4Progress>? listener)
    {
        Waiters--;
        if (listener is not null)
            _listeners.Remove(listener);
    }

    /// <summary>Notes a step.</summary>
    /// <returns>Whom to tell, outside of the lock.</returns>
    public IProgress<Ds4Progress>[] Note(Ds4Progress progress)
    {
        Latest = progress;
        _spans.Enter(progress.Phase);
        return [.. _listeners];
    }

    public void Complete(ServerEndpoint endpoint) => _completion.TrySetResult(endpoint);

    public void Fail(Exception error)
    {
        _completion.TrySetException(error);
        _ = _completion.Task.Exception; // Whoever waits gets it; nobody waiting is no unobserved fault.
    }

    /// <summary>Nobody waits any more. Too late is no fault: it may end by itself at the same time.</summary>
    public void Abandon()
    {
        lock (_ending)
        {
            if (!_hasEnded)
                _abandoned.Cancel();
        }
    }

    public void Dispose()
    {
        lock (_ending)
        {
            _hasEnded = true;
            _abandoned.Dispose();
            _spans.End(_completion.Task switch
            {
                { IsCompletedSuccessfully: true } => null,
                { Exception.InnerException: { } failure } => failure,
                _ => new OperationCanceledException(),
            });
        }
    }
}

namespace Ds4Provider.Wire.Watchdog;

/// <summary>A caller's token with a time limit, which can tell the two apart.</summary>
internal sealed class Limit : IDisposable
{
    private readonly CancellationToken _caller;
    private readonly CancellationTokenSource _timer;
    private readonly CancellationTokenSource _either;

    public Limit(TimeSpan limit, TimeProvider time, CancellationToken caller)
    {
        _caller = caller;
        _timer = new CancellationTokenSource(limit, time);
        _either = CancellationTokenSource.CreateLinkedTokenSource(caller, _timer.Token);
    }

    /// <summary>Cancelled by the caller or by the clock.</summary>
    public CancellationToken Token => _either.Token;

    /// <summary>Whether the clock was it.</summary>
    public bool Reached => _timer.IsCancellationRequested && !_caller.IsCancellationRequested;

    public void Dispose()
    {
        _either.Dispose();
        _timer.Dispose();
    }
}

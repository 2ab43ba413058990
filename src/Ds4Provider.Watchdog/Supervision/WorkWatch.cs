using Ds4Provider.Wire.Server;

namespace Ds4Provider.Watchdog.Supervision;

/// <summary>
/// Tells a stuck server from a busy one by its work: tokens prefilled and generated must advance while requests run.
/// An answering HTTP thread proves nothing. An idle server may be silent for ever.
/// </summary>
internal sealed class WorkWatch(SupervisionLimits limits, TimeProvider time)
{
    private readonly TimeProvider _time = time;
    private long _lastProgress = time.GetTimestamp();
    private bool _loading = true;
    private bool _busy;
    private long _tokens;

    /// <summary>Takes note of what the server says.</summary>
    public void Observe(ServerEvent serverEvent)
    {
        switch (serverEvent)
        {
            case ServerLoading:
                Advance();
                break;
            case ServerReady:
                _loading = false;
                Advance();
                break;
            case ServerWork work:
                ObserveWork(work);
                break;
        }
    }

    /// <summary>Time left until the server counts as stuck, zero when it does, infinite while it is idle.</summary>
    public TimeSpan Patience
    {
        get
        {
            if (!_loading && !_busy)
                return Timeout.InfiniteTimeSpan;
            TimeSpan left = (_loading ? limits.Loading : limits.Stuck) - _time.GetElapsedTime(_lastProgress);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>What to say when the patience is at its end.</summary>
    public string Diagnosis => _loading
        ? $"it said nothing for {limits.Loading.TotalSeconds:0} s while loading"
        : $"it worked for {limits.Stuck.TotalSeconds:0} s without a token";

    private void ObserveWork(ServerWork work)
    {
        long tokens = work.PrefilledTokens + work.GeneratedTokens;
        bool busy = work.ActiveRequests > 0;
        // The clock of a request starts when the server turns busy, not at the last token of an earlier one.
        if (tokens != _tokens || busy != _busy)
            Advance();
        (_tokens, _busy) = (tokens, busy);
    }

    private void Advance() => _lastProgress = _time.GetTimestamp();
}

namespace Ds4Provider.Chat;

/// <summary>
/// How often one request may be tried while nothing of a reply has been delivered. A refused connection means that the
/// server has ended and the watchdog is about to notice; a broken one may be this request's own doing, so once is enough.
/// </summary>
internal sealed class RetryPolicy
{
    private static readonly TimeSpan[] AfterRefusal =
        [TimeSpan.Zero, TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(1)];

    private int _refusals;
    private int _breaks;

    /// <summary>How long to wait before the next attempt; null = give up.</summary>
    public TimeSpan? Next(bool refused)
    {
        if (refused)
            return _refusals < AfterRefusal.Length ? AfterRefusal[_refusals++] : null;
        return _breaks++ == 0 ? TimeSpan.Zero : null;
    }
}

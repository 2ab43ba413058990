using Ds4Provider.Server.Http;

namespace Ds4Provider.Server.Scheduling;

/// <summary>Bounds how many requests are running or waiting, from their first byte to their last. Thread-safe.</summary>
internal sealed class Admission(int queueLimit)
{
    private int active;
    private volatile bool closed;

    /// <summary>Requests running or waiting.</summary>
    public int Active => Volatile.Read(ref active);

    /// <summary>Admits a request until the result is disposed.</summary>
    /// <exception cref="ApiException">Too many wait already, or the server is stopping.</exception>
    public IDisposable Enter()
    {
        if (closed)
            throw ApiException.Stopping();
        // At least one runs; the others run or wait.
        if (Interlocked.Increment(ref active) > queueLimit + 1)
        {
            Interlocked.Decrement(ref active);
            throw ApiException.QueueFull(queueLimit);
        }
        return new Ticket(this);
    }

    /// <summary>Whether the server is stopping.</summary>
    public bool IsClosed => closed;

    public void Close() => closed = true;

    private sealed class Ticket(Admission admission) : IDisposable
    {
        private Admission? admission = admission;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref admission, null) is { } left)
                Interlocked.Decrement(ref left.active);
        }
    }
}

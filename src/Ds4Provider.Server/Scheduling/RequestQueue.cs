using Ds4Provider.Server.Generation;
using Ds4Provider.Server.Http;

namespace Ds4Provider.Server.Scheduling;

/// <summary>
/// Jobs in the order of their arrival, and those that run. A cancelled job leaves its place at once. Thread-safe.
/// </summary>
internal sealed class RequestQueue
{
    private readonly object gate = new();
    private readonly LinkedList<GenerationJob> waiting = [];
    private readonly HashSet<GenerationJob> running = [];
    private bool closed;

    /// <exception cref="ApiException">The server is stopping.</exception>
    public void Enqueue(GenerationJob job)
    {
        lock (gate)
        {
            if (closed)
                throw ApiException.Stopping();
            waiting.AddLast(job);
            Monitor.PulseAll(gate);
        }
        job.CancellationToken.UnsafeRegister(static (state, _) =>
        {
            (RequestQueue queue, GenerationJob job) = ((RequestQueue, GenerationJob))state!;
            queue.Leave(job);
        }, (this, job));
    }

    /// <summary>Whether no more jobs are accepted.</summary>
    public bool IsClosed
    {
        get
        {
            lock (gate)
                return closed;
        }
    }

    /// <summary>Whether jobs wait for a slot.</summary>
    public bool HasWaiting
    {
        get
        {
            lock (gate)
                return waiting.Count > 0;
        }
    }

    /// <summary>The jobs that run.</summary>
    public IReadOnlyList<GenerationJob> Running
    {
        get
        {
            lock (gate)
                return [.. running];
        }
    }

    /// <summary>Requests ahead of a job: 0 when it runs or is next on an idle worker.</summary>
    public int PositionOf(GenerationJob job)
    {
        lock (gate)
        {
            int position = running.Count == 0 ? 0 : 1;
            foreach (GenerationJob other in waiting)
            {
                if (other == job)
                    return position;
                position++;
            }
            return 0;
        }
    }

    /// <summary>Takes the next job, which runs until <see cref="Ended"/>.</summary>
    /// <param name="wait">Whether to wait for one.</param>
    /// <returns>Null when none waits, or the queue is closed.</returns>
    public GenerationJob? Take(bool wait)
    {
        lock (gate)
        {
            while (wait && waiting.Count == 0 && !closed)
                Monitor.Wait(gate);
            if (waiting.First is not { } first)
                return null;
            waiting.RemoveFirst();
            running.Add(first.Value);
            return first.Value;
        }
    }

    /// <summary>Notes the end of a job that ran.</summary>
    public void Ended(GenerationJob job)
    {
        lock (gate)
            running.Remove(job);
    }

    /// <summary>Accepts no more jobs and refuses those that wait.</summary>
    public void Close()
    {
        GenerationJob[] refused;
        lock (gate)
        {
            closed = true;
            refused = [.. waiting];
            waiting.Clear();
            Monitor.PulseAll(gate);
        }
        foreach (GenerationJob job in refused)
            job.Fail(ApiException.Stopping());
    }

    private void Leave(GenerationJob job)
    {
        bool left;
        lock (gate)
            left = waiting.Remove(job);
        if (left)
            job.Fail(new OperationCanceledException(job.CancellationToken));
    }
}

using Ds4Provider.Server.Generation;
using Ds4Provider.Server.Http;

namespace Ds4Provider.Server.Scheduling;

/// <summary>
/// Jobs in the order of their arrival, for the one worker. A cancelled job leaves its place at once. Thread-safe.
/// </summary>
internal sealed class RequestQueue
{
    private readonly object gate = new();
    private readonly LinkedList<GenerationJob> waiting = [];
    private GenerationJob? running;
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

    /// <summary>Requests ahead of a job: 0 when it runs or is next on an idle worker.</summary>
    public int PositionOf(GenerationJob job)
    {
        lock (gate)
        {
            int position = running is null || running == job ? 0 : 1;
            foreach (GenerationJob other in waiting)
            {
                if (other == job)
                    return position;
                position++;
            }
            return 0;
        }
    }

    /// <summary>Waits for the next job; null once the queue is closed.</summary>
    public GenerationJob? Take()
    {
        lock (gate)
        {
            running = null;
            Monitor.PulseAll(gate);
            while (waiting.Count == 0 && !closed)
                Monitor.Wait(gate);
            if (closed)
                return null;
            running = waiting.First!.Value;
            waiting.RemoveFirst();
            return running;
        }
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

using Ds4Provider.Engine;

namespace Ds4Provider.Server.Sessions.Disk;

/// <content>What comes back from the disk.</content>
internal sealed partial class CheckpointStore
{
    /// <summary>Fewer tokens are evaluated sooner than they are read.</summary>
    public const int LeastRecalled = 32;

    /// <summary>One at a time: two would share the disk and double the memory.</summary>
    private readonly SemaphoreSlim recalling = new(1, 1);

    /// <summary>
    /// Brings the longest state of a prompt into memory, when it is longer than what is there. Reads on a thread of the
    /// pool, so that the engine goes on with other replies meanwhile.
    /// </summary>
    /// <exception cref="OperationCanceledException">Cancelled while it waited for its turn.</exception>
    public Task RecallAsync(ReadOnlyMemory<int> prompt, CancellationToken cancellationToken) =>
        Wanted(prompt.Span) is null ? Task.CompletedTask : Task.Run(() => Recall(prompt, cancellationToken), cancellationToken);

    private void Recall(ReadOnlyMemory<int> prompt, CancellationToken cancellationToken)
    {
        recalling.Wait(cancellationToken);
        try
        {
            // A damaged one is set aside, and the next longest is tried.
            while (Wanted(prompt.Span) is { } wanted)
            {
                if (Load(wanted) is not { } state)
                    continue;
                memory.Recall(prompt.Span[..wanted.Header.Position], state);
                Use(wanted);
                return;
            }
        }
        finally
        {
            recalling.Release();
        }
    }

    private StoredState? Wanted(ReadOnlySpan<int> prompt)
    {
        int inMemory = memory.FindLongest(prompt)?.Position ?? 0;
        lock (gate)
            return index.FindLongest(prompt, prompt.Length) is { } longest && longest.Header.Position >= inMemory + LeastRecalled ? longest : null;
    }

    private void Use(StoredState state)
    {
        DateTimeOffset now = time.GetUtcNow();
        lock (gate)
        {
            foreach (StoredState used in state.Chain().Where(used => index.Contains(used.Header.Key)))
            {
                used.LastUse = now;
                folder.Touch(used.Header, now);
            }
        }
    }

    /// <summary>Loads a state and all on which it builds; null when one of them is damaged or just superseded.</summary>
    private ISessionCheckpoint? Load(StoredState wanted)
    {
        ISessionCheckpoint? state = null;
        foreach (StoredState link in wanted.Chain())
        {
            ISessionCheckpoint? parent = state;
            try
            {
                using FileStream file = folder.Open(link.Header);
                state = model.LoadCheckpoint(file, parent);
                if (state.Position != link.Header.Position || file.Position != file.Length)
                    throw new InvalidDataException($"it holds {state.Position} tokens instead of {link.Header.Position}");
            }
            catch (Exception failure) when (failure is InvalidDataException or EngineException or IOException)
            {
                if (state != parent)
                    state?.Dispose();
                GiveUp(link, failure);
                return null;
            }
            finally
            {
                parent?.Dispose();
            }
        }
        return state;
    }

    /// <summary>Sets a state aside that cannot be loaded; those that build on it are of no use without it.</summary>
    private void GiveUp(StoredState damaged, Exception failure)
    {
        lock (gate)
        {
            // When it is not there any more, it was superseded while it was read.
            if (!index.Contains(damaged.Header.Key))
                return;
            foreach (StoredState lost in index.Branch(damaged).Where(lost => lost != damaged))
                Remove(lost);
            index.Remove(damaged);
            if (failure is not FileNotFoundException)
                folder.SetAside(damaged.Header, failure.Message);
        }
    }
}

using Ds4Provider.Engine;

namespace Ds4Provider.Server.Sessions.Disk;

/// <content>What comes back from the disk.</content>
internal sealed partial class CheckpointStore
{
    /// <summary>Fewer tokens are evaluated sooner than they are read.</summary>
    public const int LeastRecalled = 32;

    /// <summary>One at a time: two would share the disk and double the memory.</summary>
    private readonly SemaphoreSlim recalling = new(1, 1);

    /// <summary>What was read, and has not shown yet that the engine can go on from it.</summary>
    private readonly HashSet<PrefixKey> untried = [];

    /// <summary>
    /// Brings the longest state of a prompt into memory, when it is longer than what is there. Reads on a thread of the
    /// pool, so that the engine goes on with other replies meanwhile.
    /// </summary>
    /// <exception cref="OperationCanceledException">Cancelled while it waited for its turn.</exception>
    public Task RecallAsync(ReadOnlyMemory<int> prompt, CancellationToken cancellationToken) =>
        Wanted(prompt.Span) is null ? Task.CompletedTask : Task.Run(() => Recall(prompt, cancellationToken), cancellationToken);

    /// <summary>The engine went on from a state that was read: what ended a server before was not this state.</summary>
    public void Endured(PrefixKey key)
    {
        lock (gate)
        {
            if (!untried.Remove(key))
                return;
            folder.Trials.End(key);
            foreach (StoredState sound in index.Find(key)?.Chain() ?? [])
                folder.Trials.Acquit(sound.Header.Key);
        }
    }

    private void Recall(ReadOnlyMemory<int> prompt, CancellationToken cancellationToken)
    {
        recalling.Wait(cancellationToken);
        try
        {
            // What cannot be read leaves the index, and the next longest is tried.
            while (Wanted(prompt.Span) is { } wanted)
            {
                if (Load(wanted) is not { } state)
                    continue;
                Try(wanted.Header.Key);
                memory.Recall(prompt.Span[..wanted.Header.Position], state);
                Use(wanted);
                return;
            }
        }
        // Whatever the disk does, the prompt can be evaluated.
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            LogNotRead(failure);
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

    private void Try(PrefixKey key)
    {
        lock (gate)
        {
            if (untried.Add(key))
                folder.Trials.Begin(key);
        }
    }

    private void EndTrials()
    {
        lock (gate)
        {
            foreach (PrefixKey key in untried)
                folder.Trials.End(key);
            untried.Clear();
        }
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

    /// <summary>Loads a state and all on which it builds; null when that cannot be, and then it is not in the index any more.</summary>
    private ISessionCheckpoint? Load(StoredState wanted)
    {
        var links = new List<(StoredState Link, FileStream File)>();
        ISessionCheckpoint? state = null;
        try
        {
            if (!TryOpen(wanted, links))
                return null;
            foreach ((StoredState link, FileStream file) in links)
            {
                using ISessionCheckpoint? parent = state;
                state = null;
                state = Load(link, file, parent);
                if (state is null)
                    return null;
            }
            return state;
        }
        finally
        {
            foreach ((_, FileStream file) in links)
                file.Dispose();
        }
    }

    /// <summary>Opens all files of a chain in one moment: later ones may be merged and removed while these are read.</summary>
    private bool TryOpen(StoredState wanted, List<(StoredState Link, FileStream File)> opened)
    {
        lock (gate)
        {
            if (!index.Contains(wanted.Header.Key))
                return false;
            foreach (StoredState link in wanted.Chain())
            {
                try
                {
                    opened.Add((link, folder.Open(link.Header)));
                }
                catch (Exception failure) when (failure is InvalidDataException or IOException or UnauthorizedAccessException)
                {
                    GiveUp(link, failure, isDamaged: failure is InvalidDataException);
                    return false;
                }
            }
            return true;
        }
    }

    private ISessionCheckpoint? Load(StoredState link, FileStream file, ISessionCheckpoint? parent)
    {
        ISessionCheckpoint? state = null;
        folder.Trials.Begin(link.Header.Key);
        try
        {
            state = model.LoadCheckpoint(file, parent);
            if (state.Position != link.Header.Position || file.Position != file.Length)
                throw new InvalidDataException($"it holds {state.Position} tokens instead of {link.Header.Position}");
            return state;
        }
        catch (Exception failure) when (failure is InvalidDataException or EngineException or IOException)
        {
            state?.Dispose();
            GiveUp(link, failure, IsDamage(failure));
            return null;
        }
        finally
        {
            folder.Trials.End(link.Header.Key);
        }
    }

    /// <summary>Whether the file is to blame. Memory that is short, or a disk that is busy with something else, is not its fault.</summary>
    private static bool IsDamage(Exception failure) => failure is InvalidDataException
        or EngineException { Status: EngineStatus.Format or EngineStatus.Unsupported or EngineStatus.InvalidArgument };

    /// <summary>
    /// Forgets a state that cannot be loaded, and those that build on it. A damaged one is set aside and they are removed;
    /// the others are there for the next server.
    /// </summary>
    private void GiveUp(StoredState state, Exception failure, bool isDamaged)
    {
        LogGivenUp(failure, state.Header.Position);
        lock (gate)
        {
            if (!index.Contains(state.Header.Key))
                return;
            foreach (StoredState lost in index.Branch(state))
            {
                index.Remove(lost);
                if (isDamaged && lost != state)
                    folder.Delete(lost.Header);
            }
            if (isDamaged)
                folder.SetAside(state.Header, failure.Message);
        }
    }
}

using Ds4Provider.Engine;

namespace Ds4Provider.Server.Sessions.Disk;

/// <content>What waits to be written, and the thread that writes.</content>
internal sealed partial class CheckpointStore
{
    /// <summary>A shorter prompt is evaluated again sooner than its state is read.</summary>
    private const int LeastTokens = 64;

    private const int MostWaiting = 16;
    private static readonly TimeSpan FlushLimit = TimeSpan.FromSeconds(4);

    private readonly List<OfferedState> waiting = [];
    private bool isWriting;
    private bool closed;
    private long closedAt;

    /// <summary>A state that saves fewer tokens is written only when the server stops: evaluating them costs a second or two.</summary>
    public int LeastGain { get; init; } = 512;

    /// <summary>Files written.</summary>
    public long Written { get; private set; }

    /// <summary>Offers a state; returns at once. A longer one of the same conversation takes its place while it waits.</summary>
    /// <param name="tokens">What was evaluated.</param>
    /// <param name="state">The state after them; whoever owns it may dispose of it, then it is not written.</param>
    /// <param name="isBeginning">Whether conversations of a client have these tokens in common.</param>
    public void Offer(ReadOnlySpan<int> tokens, ISessionCheckpoint state, bool isBeginning)
    {
        if (tokens.Length < LeastTokens)
            return;
        int[] copy = tokens.ToArray();
        lock (gate)
        {
            if (closed)
                return;
            waiting.RemoveAll(offered => !offered.IsBeginning && copy.AsSpan().StartsWith(offered.Tokens));
            waiting.Add(new OfferedState(copy, state, isBeginning));
            if (waiting.Count > MostWaiting)
                waiting.Remove(waiting.MinBy(offered => (offered.IsBeginning, offered.Tokens.Length))!);
            Monitor.PulseAll(gate);
        }
    }

    /// <summary>Waits until everything that is worth a write was written.</summary>
    public void WaitUntilIdle()
    {
        lock (gate)
        {
            while (isWriting || waiting.Exists(IsDue))
                Monitor.Wait(gate);
        }
    }

    private void Close()
    {
        lock (gate)
        {
            closed = true;
            closedAt = time.GetTimestamp();
            Monitor.PulseAll(gate);
        }
    }

    private void WriteAll()
    {
        while (Take() is { } next)
        {
            try
            {
                Write(next.Offered, next.Plan);
            }
            catch (ObjectDisposedException)
            {
                // Memory ran short before its turn came.
            }
            // Whatever goes wrong with one state: the next prompt is evaluated where this one would have been read.
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                LogNotWritten(failure, next.Offered.Tokens.Length);
            }
            lock (gate)
            {
                isWriting = false;
                Monitor.PulseAll(gate);
            }
        }
    }

    /// <summary>Takes the next state that is worth a write; waits for one; null at the end.</summary>
    private (OfferedState Offered, WritePlan Plan)? Take()
    {
        lock (gate)
        {
            while (!closed || time.GetElapsedTime(closedAt) < FlushLimit)
            {
                waiting.RemoveAll(offered => PlanOf(offered) is null);
                if (waiting.Find(IsDue) is { } next)
                {
                    waiting.Remove(next);
                    isWriting = true;
                    return (next, PlanOf(next)!);
                }
                if (closed)
                    break;
                Monitor.Wait(gate);
            }
            return null;
        }
    }

    private bool IsDue(OfferedState offered) => PlanOf(offered) is { } plan && (closed || offered.IsBeginning || plan.Gain >= LeastGain);

    private WritePlan? PlanOf(OfferedState offered) => WritePlan.Make(index, offered.Tokens, offered.IsBeginning);

    private void Write(OfferedState offered, WritePlan plan)
    {
        using Borrowed parent = Borrow(plan.Base);
        // Its parent is damaged and set aside; the next state of the conversation builds on another.
        if (parent.IsLost || (plan.Merge is { } merge && !TryMerge(merge, parent.State!)))
            return;
        if (TryWrite(plan.Header, offered.State, parent.State, plan.Base) is not { } header)
            return;
        lock (gate)
        {
            // Whoever reads sees the new name and the new index, or neither.
            folder.Publish(header);
            index.Add(new StoredState(header, plan.Base) { LastUse = time.GetUtcNow() });
            Written++;
        }
        folder.Flush();
    }

    private bool TryMerge(Merge merge, ISessionCheckpoint state)
    {
        using Borrowed onto = Borrow(merge.Onto);
        if (onto.IsLost || TryWrite(merge.Header, state, onto.State, merge.State) is not { } header)
            return false;
        lock (gate)
        {
            if (!index.Contains(header.Key))
                return false; // It was found damaged meanwhile.
            folder.Publish(header);
            index.Rebase(merge.State, header, merge.Onto);
            Written++;
        }
        // First the new name, then the old files go: a power cut between leaves too much and never too little.
        folder.Flush();
        lock (gate)
        {
            foreach (StoredState superseded in merge.Superseded)
            {
                if (superseded.Children == 0)
                    Remove(superseded);
            }
        }
        return true;
    }

    /// <summary>Writes a file without its name; null when there is no room for it.</summary>
    private StateHeader? TryWrite(StateHeader plan, ISessionCheckpoint state, ISessionCheckpoint? parent, StoredState? needed)
    {
        if (!MakeRoom(StateHeader.Length + state.GetStreamBytes(parent), needed))
        {
            LogNoRoom(plan.Position);
            return null;
        }
        long start = time.GetTimestamp();
        StateHeader header = folder.Write(plan, stream => state.Save(stream, parent));
        TimeSpan taken = time.GetElapsedTime(start);
        LogWritten(header.Position, header.StateBytes >> 10, taken);
        return header;
    }

    /// <summary>A state that others build on: from memory, or from the disk for as long as it is used.</summary>
    private Borrowed Borrow(StoredState? stored)
    {
        if (stored is null)
            return new Borrowed(null, IsOwn: false, IsLost: false);
        if (memory.StateOf(stored.Header.Key) is { } kept)
            return new Borrowed(kept, IsOwn: false, IsLost: false);
        ISessionCheckpoint? loaded = Load(stored);
        return new Borrowed(loaded, IsOwn: true, IsLost: loaded is null);
    }

    /// <summary>Removes states until there is room for one more; false when there cannot be.</summary>
    private bool MakeRoom(long bytes, StoredState? needed)
    {
        lock (gate)
        {
            long budget = DiskBudget.Choose(folder.FreeBytes, index.Bytes);
            while (index.Bytes + bytes > budget)
            {
                if (bytes > budget || index.Cheapest(time.GetUtcNow(), needed) is not { } cheapest)
                    return false;
                Remove(cheapest);
            }
            return true;
        }
    }

    /// <param name="State">The state; null when there is none.</param>
    /// <param name="IsOwn">Whether it goes when it is not used any more.</param>
    /// <param name="IsLost">Whether it should be there and is not.</param>
    private readonly record struct Borrowed(ISessionCheckpoint? State, bool IsOwn, bool IsLost) : IDisposable
    {
        public void Dispose()
        {
            if (IsOwn)
                State?.Dispose();
        }
    }

    /// <param name="Tokens">What was evaluated.</param>
    /// <param name="State">The state after them.</param>
    /// <param name="IsBeginning">Whether conversations have them in common.</param>
    private sealed record OfferedState(int[] Tokens, ISessionCheckpoint State, bool IsBeginning);
}

using Ds4Provider.Engine;

namespace Ds4Provider.Server.Sessions;

/// <summary>
/// All checkpoints, found by the tokens that were evaluated. When memory runs short, those go first that are likely to
/// save the least evaluation per byte. Thread-safe.
/// </summary>
/// <param name="heldBytes">Bytes of all sessions and checkpoints; what they share counts once.</param>
/// <param name="budget">Most bytes that sessions and checkpoints may hold together.</param>
/// <param name="time">Clock of uses.</param>
internal sealed class CheckpointIndex(Func<long> heldBytes, long budget, TimeProvider time) : IDisposable
{
    /// <summary>
    /// A use so long ago counts a quarter. Falls with the square of the age and not by halves: who was away for hours may
    /// come back, and a long conversation of yesterday may be worth more than ten short ones of today.
    /// </summary>
    private static readonly TimeSpan Fading = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How likely a state from which one conversation went on is wanted again, against one from which none did: only for
    /// another answer or an edited message, where the end of a conversation is wanted by its next request.
    /// </summary>
    private const double PassedThrough = 0.3;

    private readonly Lock gate = new();
    private readonly Dictionary<PrefixKey, Checkpoint> byKey = [];
    private readonly SortedDictionary<int, int> positions = []; // and how many checkpoints are there
    private long evicted;

    /// <summary>Checkpoints in memory.</summary>
    public int Count
    {
        get
        {
            lock (gate)
                return byKey.Count;
        }
    }

    /// <summary>Checkpoints that were given up for memory.</summary>
    public long Evicted
    {
        get
        {
            lock (gate)
                return evicted;
        }
    }

    /// <summary>The longest checkpoint of the first tokens of a prompt, all of them included.</summary>
    public Checkpoint? FindLongest(ReadOnlySpan<int> prompt)
    {
        lock (gate)
            return LongestOf(KeysOf(prompt, prompt.Length));
    }

    /// <summary>Remembers that a prompt went on from a checkpoint.</summary>
    public void Use(Checkpoint checkpoint)
    {
        lock (gate)
            Touch(checkpoint);
    }

    /// <summary>Takes the state after some tokens, unless it is there; then keeps to the budget.</summary>
    /// <param name="tokens">What was evaluated.</param>
    /// <param name="take">Takes the state after them, which the index then owns.</param>
    /// <returns>The checkpoint of these tokens.</returns>
    public Checkpoint Add(ReadOnlySpan<int> tokens, Func<ISessionCheckpoint> take)
    {
        lock (gate)
        {
            PrefixKey[] keys = KeysOf(tokens, tokens.Length - 1, andOf: tokens.Length);
            if (byKey.TryGetValue(keys[^1], out Checkpoint? there))
                return there;
            var added = new Checkpoint(keys[^1], take(), LongestOf(keys.AsSpan(..^1)));
            Touch(added);
            byKey.Add(added.Key, added);
            positions[added.Position] = positions.GetValueOrDefault(added.Position) + 1;
            KeepToBudget(added);
            return added;
        }
    }

    /// <summary>Takes over a state that came from the disk.</summary>
    /// <param name="tokens">What was evaluated.</param>
    /// <param name="state">The state after them, which the index then owns.</param>
    public void Recall(ReadOnlySpan<int> tokens, ISessionCheckpoint state)
    {
        Checkpoint added = Add(tokens, () => state);
        if (added.State == state)
            added.IsRecalled = true;
        else
            state.Dispose();
    }

    /// <summary>The state of exactly these tokens; null when it is not in memory. It may be disposed of at any time.</summary>
    public ISessionCheckpoint? StateOf(PrefixKey key)
    {
        lock (gate)
            return byKey.GetValueOrDefault(key)?.State;
    }

    /// <summary>Gives up a checkpoint to which no session can return.</summary>
    public void Forget(Checkpoint checkpoint)
    {
        lock (gate)
        {
            if (byKey.ContainsKey(checkpoint.Key))
                Remove(checkpoint);
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            foreach (Checkpoint checkpoint in byKey.Values)
                checkpoint.State.Dispose();
            byKey.Clear();
            positions.Clear();
        }
    }

    /// <summary>Keys of all beginnings that may be those of a checkpoint, the shortest first, in one pass over the tokens.</summary>
    /// <param name="tokens">The tokens.</param>
    /// <param name="most">Longest beginning.</param>
    /// <param name="andOf">Lengths besides.</param>
    private PrefixKey[] KeysOf(ReadOnlySpan<int> tokens, int most, params ReadOnlySpan<int> andOf) =>
        PrefixKey.OfPrefixes(tokens, [.. positions.Keys.TakeWhile(position => position <= most), .. andOf]);

    private Checkpoint? LongestOf(ReadOnlySpan<PrefixKey> keys)
    {
        for (int i = keys.Length - 1; i >= 0; i--)
        {
            if (byKey.TryGetValue(keys[i], out Checkpoint? found))
                return found;
        }
        return null;
    }

    /// <summary>Who goes on from a state may go back to any before it.</summary>
    private void Touch(Checkpoint checkpoint)
    {
        long now = time.GetTimestamp();
        for (Checkpoint? at = checkpoint; at is not null; at = at.Parent)
            at.LastUse = now;
    }

    private void KeepToBudget(Checkpoint newest)
    {
        while (heldBytes() > budget && Cheapest(newest) is { } cheapest)
            Remove(cheapest);
    }

    private Checkpoint? Cheapest(Checkpoint newest)
    {
        long now = time.GetTimestamp();
        Dictionary<Checkpoint, int> continuations = byKey.Values
            .Where(checkpoint => checkpoint.Parent is not null)
            .GroupBy(checkpoint => checkpoint.Parent!).ToDictionary(group => group.Key, group => group.Count());
        return byKey.Values.Where(checkpoint => checkpoint != newest)
            .MinBy(checkpoint => Worth(checkpoint, continuations.GetValueOrDefault(checkpoint), now));
    }

    /// <summary>Tokens saved per byte, by how likely they are wanted again.</summary>
    private double Worth(Checkpoint checkpoint, int continuations, long now)
    {
        double age = 1 + (time.GetElapsedTime(checkpoint.LastUse, now) / Fading);
        double likely = (continuations == 1 ? PassedThrough : 1) / (age * age);
        return checkpoint.Saves * likely / Math.Max(1, checkpoint.State.Bytes.Own);
    }

    private void Remove(Checkpoint checkpoint)
    {
        byKey.Remove(checkpoint.Key);
        if (--positions[checkpoint.Position] == 0)
            positions.Remove(checkpoint.Position);
        foreach (Checkpoint child in byKey.Values)
        {
            if (child.Parent == checkpoint)
                child.Parent = checkpoint.Parent;
        }
        checkpoint.State.Dispose();
        evicted++;
    }
}

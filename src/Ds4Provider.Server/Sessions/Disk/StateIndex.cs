namespace Ds4Provider.Server.Sessions.Disk;

/// <summary>The states on the disk, found by the tokens that were evaluated. Used under the store's lock.</summary>
internal sealed class StateIndex
{
    private readonly Dictionary<PrefixKey, StoredState> byKey = [];
    private readonly SortedDictionary<int, int> positions = []; // and how many states are there

    public int Count => byKey.Count;

    /// <summary>Bytes of all files.</summary>
    public long Bytes { get; private set; }

    public bool Contains(PrefixKey key) => byKey.ContainsKey(key);

    public StoredState? Find(PrefixKey key) => byKey.GetValueOrDefault(key);

    /// <summary>The longest state of the first tokens of a sequence, of no more than <paramref name="most"/> of them.</summary>
    public StoredState? FindLongest(ReadOnlySpan<int> tokens, int most)
    {
        PrefixKey[] keys = PrefixKey.OfPrefixes(tokens, [.. positions.Keys.TakeWhile(position => position <= most)]);
        for (int i = keys.Length - 1; i >= 0; i--)
        {
            if (byKey.TryGetValue(keys[i], out StoredState? found))
                return found;
        }
        return null;
    }

    public void Add(StoredState state)
    {
        byKey.Add(state.Header.Key, state);
        positions[state.Header.Position] = positions.GetValueOrDefault(state.Header.Position) + 1;
        Bytes += state.Bytes;
        if (state.Parent is { } parent)
            parent.Children++;
    }

    public void Remove(StoredState state)
    {
        if (!byKey.Remove(state.Header.Key))
            return;
        if (--positions[state.Header.Position] == 0)
            positions.Remove(state.Header.Position);
        Bytes -= state.Bytes;
        if (state.Parent is { } parent)
            parent.Children--;
    }

    /// <summary>Lets a state, and with it all that build on it, build on another one.</summary>
    public void Rebase(StoredState state, StateHeader header, StoredState? parent)
    {
        Bytes -= state.Bytes;
        if (state.Parent is { } before)
            before.Children--;
        state.Rebase(header, parent);
        Bytes += state.Bytes;
        if (parent is not null)
            parent.Children++;
    }

    /// <summary>A state and all that build on it, those that build on others first.</summary>
    public IReadOnlyList<StoredState> Branch(StoredState root) =>
        [.. byKey.Values.Where(state => state.Chain().Contains(root)).OrderByDescending(state => state.Header.Position)];

    /// <summary>
    /// The state that saves the least per byte, by how lately it was used. One on which others build is worth what they
    /// are worth: it stays.
    /// </summary>
    /// <param name="now">The time.</param>
    /// <param name="needed">Stays in any case, with all on which it builds.</param>
    public StoredState? Cheapest(DateTimeOffset now, StoredState? needed) => byKey.Values
        .Where(state => state.Children == 0 && state != needed)
        .MinBy(state => Worth(state, now));

    private static double Worth(StoredState state, DateTimeOffset now)
    {
        double days = 1 + Math.Max(0, (now - state.LastUse).TotalDays);
        return state.Span / (double)Math.Max(1, state.Bytes) / days;
    }
}

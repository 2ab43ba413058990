namespace Ds4Provider.Server.Replay;

/// <summary>The latest sampled turns, the least recently used leaving first. Thread-safe.</summary>
internal sealed class SampledTurnStore(int turnCapacity, int tokenCapacity)
{
    private readonly Lock gate = new();
    private readonly LinkedList<Entry> byUse = [];
    private readonly Dictionary<TurnKey, LinkedListNode<Entry>> byKey = [];
    private long tokens;

    /// <summary>Number of turns kept.</summary>
    public int Count
    {
        get
        {
            lock (gate)
                return byUse.Count;
        }
    }

    public void Remember(SampledTurn turn)
    {
        TurnKey[] keys =
        [
            TurnKey.OfWhole(turn.Message), TurnKey.OfVisible(turn.Message), TurnKey.OfPlace(turn.History, turn.Message),
        ];
        lock (gate)
        {
            LinkedListNode<Entry> node = byUse.AddFirst(new Entry(turn, keys));
            foreach (TurnKey key in keys)
                byKey[key] = node;
            tokens += turn.Tokens.Count;
            while (byUse.Count > turnCapacity || tokens > tokenCapacity)
                Forget(byUse.Last!);
        }
    }

    public SampledTurn? Find(TurnKey key)
    {
        lock (gate)
        {
            if (!byKey.TryGetValue(key, out LinkedListNode<Entry>? node))
                return null;
            byUse.Remove(node);
            byUse.AddFirst(node);
            return node.Value.Turn;
        }
    }

    private void Forget(LinkedListNode<Entry> node)
    {
        byUse.Remove(node);
        tokens -= node.Value.Turn.Tokens.Count;
        foreach (TurnKey key in node.Value.Keys)
        {
            // A later turn that says the same has taken the key over.
            if (byKey.TryGetValue(key, out LinkedListNode<Entry>? current) && current == node)
                byKey.Remove(key);
        }
    }

    private sealed record Entry(SampledTurn Turn, TurnKey[] Keys);
}

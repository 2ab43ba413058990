namespace Ds4Provider.Server.Replay;

/// <summary>The latest sampled turns, the least recently used leaving first. Thread-safe.</summary>
internal sealed class SampledTurnStore(int turnCapacity, int tokenCapacity)
{
    private readonly Lock gate = new();
    private readonly LinkedList<RememberedTurn> byUse = [];
    private readonly Dictionary<TurnKey, LinkedListNode<RememberedTurn>> byKey = [];
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

    /// <summary>Keeps a turn.</summary>
    public RememberedTurn Remember(SampledTurn turn)
    {
        var remembered = RememberedTurn.Of(turn);
        Restore(remembered);
        return remembered;
    }

    /// <summary>Keeps a turn of an earlier server.</summary>
    public void Restore(RememberedTurn turn)
    {
        lock (gate)
        {
            LinkedListNode<RememberedTurn> node = byUse.AddFirst(turn);
            foreach (TurnKey key in turn.Keys)
                byKey[key] = node;
            tokens += turn.Tokens.Count;
            while (byUse.Count > turnCapacity || tokens > tokenCapacity)
                Forget(byUse.Last!);
        }
    }

    public RememberedTurn? Find(TurnKey key)
    {
        lock (gate)
        {
            if (!byKey.TryGetValue(key, out LinkedListNode<RememberedTurn>? node))
                return null;
            byUse.Remove(node);
            byUse.AddFirst(node);
            return node.Value;
        }
    }

    /// <summary>All turns, the one that was not used for longest first.</summary>
    public IReadOnlyList<RememberedTurn> OldestFirst()
    {
        lock (gate)
            return [.. byUse.Reverse()];
    }

    private void Forget(LinkedListNode<RememberedTurn> node)
    {
        byUse.Remove(node);
        tokens -= node.Value.Tokens.Count;
        foreach (TurnKey key in node.Value.Keys)
        {
            // A later turn that says the same has taken the key over.
            if (byKey.TryGetValue(key, out LinkedListNode<RememberedTurn>? current) && current == node)
                byKey.Remove(key);
        }
    }
}

namespace Ds4Provider.Engine.Constraints.Grammar;

/// <summary>All the ways in which a reply can be understood so far. Not thread-safe.</summary>
internal sealed class StateSet
{
    // Alternatives that share a long beginning are followed side by side. Leaving out further ones only narrows the
    // choice: every way that is followed can be completed.
    private const int Most = 256;

    private GrammarState[] _states = new GrammarState[4];

    /// <summary>The states.</summary>
    public ReadOnlySpan<GrammarState> States => _states.AsSpan(0, Count);

    /// <summary>Number of states; 0 = nothing is allowed.</summary>
    public int Count { get; private set; }

    /// <summary>Whether two states that may be the same object are the same position.</summary>
    public static bool Same(GrammarState one, GrammarState other) => ReferenceEquals(one, other) || one.SameAs(other);

    /// <summary>Adds a state, unless the set has it.</summary>
    public void Add(GrammarState state)
    {
        if (state is EntryState entry)
        {
            entry.Begin(this);
            return;
        }

        for (var i = 0; i < Count; i++)
        {
            if (Same(_states[i], state))
            {
                return;
            }
        }

        if (Count == Most)
        {
            return;
        }

        if (Count == _states.Length)
        {
            Array.Resize(ref _states, 2 * Count);
        }

        _states[Count++] = state;
    }

    /// <summary>Removes all.</summary>
    public void Clear() => Count = 0;

    /// <summary>Adds what follows after a symbol.</summary>
    public void Read(int symbol, StateSet next)
    {
        for (var i = 0; i < Count; i++)
        {
            _states[i].Read(symbol, next);
        }
    }

    /// <summary>The state with the shortest way to the end.</summary>
    public GrammarState Cheapest()
    {
        var cheapest = _states[0];
        var cost = Count == 1 ? 0 : cheapest.Cost;
        for (var i = 1; i < Count; i++)
        {
            if (_states[i].Cost is var other && other < cost)
            {
                (cheapest, cost) = (_states[i], other);
            }
        }

        return cheapest;
    }
}

using Ds4Provider.Engine.Constraints.Masks;

namespace Ds4Provider.Engine.Constraints.Grammar;

/// <summary>
/// One way in which a reply can be understood so far: a position in the grammar, and in <c>then</c> of the subclasses
/// the position that follows when it is done, and so on: a stack that shares its tail with other states. Immutable.
/// </summary>
internal abstract class GrammarState
{
    private int _cost = -1; // found at most once per thread that asks at the same time, always the same

    /// <summary>JSON containers that are open.</summary>
    public abstract int Depth { get; }

    /// <summary>
    /// Symbols of the shortest way to the end of the reply. Every token asks, and every alternative asks the states that
    /// it shares with the others: worked out once per state.
    /// </summary>
    public int Cost => _cost >= 0 ? _cost : _cost = FindCost();

    /// <summary>What may be known about the state without reading: it is inside a text.</summary>
    public virtual TextPosition Text => default;

    /// <summary>Adds the positions after a symbol; none when the grammar refuses it.</summary>
    public abstract void Read(int symbol, StateSet next);

    /// <summary>Writes the shortest way out of this position; returns the position that follows, null at the end.</summary>
    public abstract GrammarState? WriteShortest(List<int> symbols);

    /// <summary>Whether the other state understands every continuation just as this one does.</summary>
    public abstract bool SameAs(GrammarState other);

    /// <summary>Works <see cref="Cost"/> out.</summary>
    protected abstract int FindCost();
}

/// <summary>The reply is complete.</summary>
internal sealed class EndState : GrammarState
{
    private EndState()
    {
    }

    public static EndState Instance { get; } = new();

    public override int Depth => 0;

    protected override int FindCost() => 0;

    public override void Read(int symbol, StateSet next)
    {
        if (symbol == Symbol.End)
        {
            next.Add(this);
        }
    }

    public override GrammarState? WriteShortest(List<int> symbols) => null;

    public override bool SameAs(GrammarState other) => ReferenceEquals(this, other);
}

/// <summary>Symbols that must come one after the other.</summary>
internal sealed class LiteralState(int[] symbols, int at, GrammarState then) : GrammarState
{
    public LiteralState(int[] symbols, GrammarState then)
        : this(symbols, 0, then)
    {
    }

    public override int Depth => then.Depth;

    protected override int FindCost() => symbols.Length - at + then.Cost;

    public override void Read(int symbol, StateSet next)
    {
        if (symbols[at] == symbol)
        {
            next.Add(at + 1 == symbols.Length ? then : new LiteralState(symbols, at + 1, then));
        }
    }

    public override GrammarState? WriteShortest(List<int> written)
    {
        written.AddRange(symbols.AsSpan(at));
        return then;
    }

    public override bool SameAs(GrammarState other) =>
        other is LiteralState literal && literal.SameAs(symbols, at, then);

    private bool SameAs(int[] otherSymbols, int otherAt, GrammarState otherThen) =>
        ReferenceEquals(symbols, otherSymbols) && at == otherAt && StateSet.Same(then, otherThen);
}

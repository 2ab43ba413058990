namespace Ds4Provider.Engine.Constraints.Grammar;

/// <summary>After a colon or a comma: a value, with at most one space before it.</summary>
internal sealed class ValueState(ValueRule value, GrammarState then) : EntryState
{
    public override int Depth => then.Depth;

    public override void Begin(StateSet next)
    {
        value.Begin(then, next);
        next.Add(new SpaceState(value, then));
    }

    public override bool SameAs(GrammarState other) => other is ValueState state && state.SameAs(value, then);

    private bool SameAs(ValueRule otherValue, GrammarState otherThen) => ReferenceEquals(value, otherValue) && StateSet.Same(then, otherThen);
}

/// <summary>The space before a value.</summary>
internal sealed class SpaceState(ValueRule value, GrammarState then) : GrammarState
{
    public override int Depth => then.Depth;

    protected override int FindCost() => Shortest.Add(1 + value.Whole.Cost, then.Cost);

    public override void Read(int symbol, StateSet next)
    {
        if (symbol == ' ')
        {
            value.Begin(then, next);
        }
    }

    public override GrammarState? WriteShortest(List<int> symbols)
    {
        symbols.Add(' ');
        value.WriteShortest(symbols);
        return then;
    }

    public override bool SameAs(GrammarState other) => other is SpaceState state && state.SameAs(value, then);

    private bool SameAs(ValueRule otherValue, GrammarState otherThen) => ReferenceEquals(value, otherValue) && StateSet.Same(then, otherThen);
}

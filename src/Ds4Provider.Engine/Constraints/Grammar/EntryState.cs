namespace Ds4Provider.Engine.Constraints.Grammar;

/// <summary>
/// A position where something with several beginnings comes next. It never stands in a set itself: its beginnings do, so
/// that a set shows at once what may follow.
/// </summary>
internal abstract class EntryState : GrammarState
{
    protected sealed override int FindCost() => Begun().Cheapest().Cost;

    /// <summary>Adds the beginnings.</summary>
    public abstract void Begin(StateSet next);

    public sealed override void Read(int symbol, StateSet next) => Begun().Read(symbol, next);

    public sealed override GrammarState? WriteShortest(List<int> symbols) => Begun().Cheapest();

    private StateSet Begun()
    {
        var begun = new StateSet();
        Begin(begun);
        return begun;
    }
}

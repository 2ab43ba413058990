namespace Ds4Provider.Engine.Constraints.Grammar;

/// <summary>An array.</summary>
/// <param name="first">What its first items are, one by one.</param>
/// <param name="items">What the others are; null = there are none.</param>
/// <param name="least">Least number of items.</param>
/// <param name="most">Greatest number of items.</param>
internal sealed class ArrayRule(IReadOnlyList<ValueRule> first, ValueRule? items, int least, int most) : JsonRule
{
    public int Least => least;

    /// <summary>Counting further would tell nothing new.</summary>
    public int CountedItems => most < int.MaxValue ? most : Math.Max(least, first.Count);

    public override void Begin(GrammarState then, StateSet next) => next.Add(new LiteralState(Open, new FirstItemState(this, then)));

    /// <summary>What the item after so many others is; null = there is none.</summary>
    public ValueRule? Item(int count) => count >= most ? null : count < first.Count ? first[count] : items;

    public override void WriteShortest(List<int> symbols)
    {
        symbols.Add('[');
        WriteItems(0, symbols);
        symbols.Add(']');
    }

    /// <summary>Writes the items that are missing, with a comma before each but the very first.</summary>
    public void WriteItems(int count, List<int> symbols)
    {
        for (var i = count; i < least; i++)
        {
            if (i > 0)
            {
                symbols.Add(',');
            }

            Item(i)!.WriteShortest(symbols);
        }
    }

    /// <summary>Bytes of the items that are missing, with their commas.</summary>
    public int MissingCost(int count)
    {
        if (least > most)
        {
            return Shortest.Never;
        }

        long cost = 0;
        for (var i = count; i < Math.Min(least, first.Count) && cost < Shortest.Never; i++)
        {
            cost += (i > 0 ? 1 : 0) + (Item(i)?.Whole.Cost ?? Shortest.Never);
        }

        // The others are alike.
        long others = least - Math.Max(count, first.Count);
        if (others > 0)
        {
            cost += (others * ((items?.Whole.Cost ?? Shortest.Never) + 1L)) - (Math.Max(count, first.Count) == 0 ? 1 : 0);
        }

        return Shortest.Add(cost, 0);
    }

    protected override Shortest FindShortest()
    {
        var nesting = Enumerable.Range(0, Math.Min(least, first.Count + 1)).Select(index => Item(index)?.Whole.Nesting ?? 0).Append(0).Max();
        return new Shortest(Shortest.Add(2, MissingCost(0)), nesting + 1);
    }

    private static readonly int[] Open = Symbol.Of("[");
}

/// <summary>Where between two items an array is.</summary>
internal enum ItemPhase
{
    /// <summary>After the opening bracket.</summary>
    First,

    /// <summary>After an item.</summary>
    Next,
}

/// <summary>Between the items of an array.</summary>
internal sealed class ItemState(ArrayRule rule, int count, ItemPhase phase, GrammarState then) : GrammarState
{
    public override int Depth => then.Depth + 1;

    protected override int FindCost() => rule.MissingCost(count) + 1 + then.Cost;

    public override void Read(int symbol, StateSet next)
    {
        switch (symbol)
        {
            case ']' when count >= rule.Least:
                next.Add(then);
                break;
            case ',' when phase == ItemPhase.Next && NextItem() is { } item:
                next.Add(new ValueState(item, After()));
                break;
        }
    }

    /// <summary>Adds the ways to begin the first item.</summary>
    public void BeginItem(StateSet next) => NextItem()?.Begin(After(), next);

    public override GrammarState? WriteShortest(List<int> symbols)
    {
        rule.WriteItems(count, symbols);
        symbols.Add(']');
        return then;
    }

    public override bool SameAs(GrammarState other) => other is ItemState item && item.SameAs(rule, count, phase, then);

    private bool SameAs(ArrayRule otherRule, int otherCount, ItemPhase otherPhase, GrammarState otherThen) =>
        ReferenceEquals(rule, otherRule) && count == otherCount && phase == otherPhase && StateSet.Same(then, otherThen);

    private ValueRule? NextItem() => rule.Item(count) is { } item && item.Whole.Fits(Depth) ? item : null;

    private ItemState After() => new(rule, Math.Min(count + 1, rule.CountedItems), ItemPhase.Next, then);
}

/// <summary>After the opening bracket.</summary>
internal sealed class FirstItemState(ArrayRule rule, GrammarState then) : EntryState
{
    public override int Depth => then.Depth + 1;

    public override void Begin(StateSet next)
    {
        var state = new ItemState(rule, 0, ItemPhase.First, then);
        next.Add(state);
        state.BeginItem(next);
    }

    public override bool SameAs(GrammarState other) => other is FirstItemState item && item.SameAs(rule, then);

    private bool SameAs(ArrayRule otherRule, GrammarState otherThen) => ReferenceEquals(rule, otherRule) && StateSet.Same(then, otherThen);
}

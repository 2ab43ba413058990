namespace Ds4Provider.Engine.Constraints.Grammar;

/// <summary>Knows what follows when one of several texts was written.</summary>
internal interface IChoiceOwner
{
    /// <summary>JSON containers that are open.</summary>
    int Depth { get; }

    /// <summary>Whether every text may be chosen and the same follows after each.</summary>
    bool IsIndifferent { get; }

    /// <summary>Whether a text may be chosen.</summary>
    bool Offers(int choice);

    /// <summary>Whether any of the texts that begin with what was written may be chosen.</summary>
    bool OffersAny(ChoiceNode node);

    /// <summary>Adds what follows after a text.</summary>
    void Choose(int choice, StateSet next);

    /// <summary>Whether two owners continue alike.</summary>
    bool SameAs(IChoiceOwner other);
}

/// <summary>In the middle of one of several texts.</summary>
internal sealed class ChoiceState(ChoiceTrie texts, ChoiceNode node, IChoiceOwner owner) : GrammarState
{
    public override int Depth => owner.Depth;

    protected override int FindCost() => FindCheapest().Cost;

    /// <summary>Adds the ways to write one of the texts.</summary>
    public static void Begin(ChoiceTrie texts, IChoiceOwner owner, StateSet next) => Enter(texts, texts.Root, owner, next);

    public override void Read(int symbol, StateSet next)
    {
        if (texts.TryStep(node, symbol, out var child))
        {
            Enter(texts, child, owner, next);
        }
    }

    public override GrammarState? WriteShortest(List<int> symbols)
    {
        var (choice, then, _) = FindCheapest();
        foreach (var value in texts[choice][node.Depth..])
        {
            symbols.Add(value);
        }

        return then;
    }

    public override bool SameAs(GrammarState other) => other is ChoiceState choice && choice.SameAs(texts, node, owner);

    private static void Enter(ChoiceTrie texts, ChoiceNode node, IChoiceOwner owner, StateSet next)
    {
        if (!owner.OffersAny(node))
        {
            return;
        }

        if (texts.Choice(node) is >= 0 and var choice && owner.Offers(choice))
        {
            owner.Choose(choice, next);
        }

        if (texts.Continues(node))
        {
            next.Add(new ChoiceState(texts, node, owner));
        }
    }

    private bool SameAs(ChoiceTrie otherTexts, ChoiceNode otherNode, IChoiceOwner otherOwner) =>
        ReferenceEquals(texts, otherTexts) && node == otherNode && (ReferenceEquals(owner, otherOwner) || owner.SameAs(otherOwner));

    private (int Choice, GrammarState Then, int Cost) FindCheapest()
    {
        var best = (Choice: -1, Then: (GrammarState)EndState.Instance, Cost: int.MaxValue); // a long text may cost more than is ever begun with
        var after = new StateSet();
        foreach (var choice in texts.Reachable(node))
        {
            if (texts[choice].Length == node.Depth || !owner.Offers(choice)
                || (owner.IsIndifferent && best.Choice >= 0 && texts[choice].Length >= texts[best.Choice].Length))
            {
                continue;
            }

            after.Clear();
            owner.Choose(choice, after);
            if (after.Count == 0)
            {
                continue;
            }

            var then = after.Cheapest();
            var cost = texts[choice].Length - node.Depth + then.Cost;
            if (cost < best.Cost)
            {
                best = (choice, then, cost);
            }
        }

        return best;
    }
}

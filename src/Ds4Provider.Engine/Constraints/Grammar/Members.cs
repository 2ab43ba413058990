namespace Ds4Provider.Engine.Constraints.Grammar;

/// <summary>
/// The members that an object has so far, in JSON or as parameters of a call, and what follows after the object.
/// Immutable.
/// </summary>
internal abstract class Members : IChoiceOwner
{
    private readonly IndexSet _taken; // what cannot be chosen any more: written, or too deep for this place

    protected Members(ObjectRule rule, GrammarState then, int depth)
    {
        Rule = rule;
        Then = then;
        Depth = depth;
        Written = IndexSet.Empty;
        _taken = Unwritable();
    }

    protected Members(Members before, int property)
    {
        Rule = before.Rule;
        Then = before.Then;
        Depth = before.Depth;
        Written = before.Written.With(property);
        _taken = before._taken.With(property);
        Others = before.Others;
    }

    protected Members(Members before, string other)
    {
        Rule = before.Rule;
        Then = before.Then;
        Depth = before.Depth;
        Written = before.Written;
        _taken = before._taken;
        Others = new OtherName(other, before.Others);
    }

    public ObjectRule Rule { get; }

    public GrammarState Then { get; }

    /// <summary>JSON containers that are open around the values.</summary>
    public int Depth { get; }

    /// <summary>Whether no required member is missing.</summary>
    public bool MayEnd => Rule.Required.IsWithin(Written);

    /// <summary>Whether another member may be written.</summary>
    public bool MayContinue => OffersAny(Names.Root) || OffersOthers;

    /// <summary>Whether members that the schema does not name may be written.</summary>
    public bool OffersOthers => Rule.Additional is { } other && IsWritable(other);

    /// <summary>Most characters of a name that the schema does not name; longer than any name that is known.</summary>
    public int LongestName => Rule.LongestName + 1 + (Others?.Count ?? 0);

    /// <summary>The names that can be chosen.</summary>
    public abstract ChoiceTrie Names { get; }

    protected IndexSet Written { get; }

    protected OtherName? Others { get; }

    public bool IsIndifferent => false;

    public bool Offers(int choice) => !_taken.Contains(choice);

    public bool OffersAny(ChoiceNode node)
    {
        foreach (var choice in Names.Reachable(node))
        {
            if (Offers(choice))
            {
                return true;
            }
        }

        return false;
    }

    public abstract void Choose(int choice, StateSet next);

    /// <summary>Adds what follows after a name that the schema does not name.</summary>
    public abstract void ChooseOther(string name, StateSet next);

    /// <summary>Whether a name belongs to a property, or was written.</summary>
    public bool Knows(string name) => Rule.Names.Contains(name) || WrittenOthers().Contains(name);

    /// <summary>Names of properties, and others that were written.</summary>
    public IEnumerable<string> KnownNames() => Rule.Names.Concat(WrittenOthers());

    /// <summary>A name that is not known.</summary>
    public string NewName()
    {
        var name = "x";
        while (Knows(name))
        {
            name += "x";
        }

        return name;
    }

    public bool SameAs(IChoiceOwner other) =>
        other is Members members && GetType() == members.GetType() && ReferenceEquals(Rule, members.Rule)
        && Written.SameAs(members.Written) && SameNames(Others, members.Others) && StateSet.Same(Then, members.Then);

    /// <summary>Adds the ways to write a name.</summary>
    protected void BeginName(StateSet next)
    {
        ChoiceState.Begin(Names, this, next);
        if (OffersOthers)
        {
            next.Add(new NameState(this));
        }
    }

    /// <summary>Whether a value can be written and ended here.</summary>
    protected abstract bool IsWritable(ValueRule value);

    /// <summary>The required properties that are missing.</summary>
    protected IEnumerable<int> Missing() =>
        Enumerable.Range(0, Rule.Properties.Count).Where(index => Rule.Required.Contains(index) && !Written.Contains(index));

    private IEnumerable<string> WrittenOthers()
    {
        for (var other = Others; other is not null; other = other.Before)
        {
            yield return other.Name;
        }
    }

    private static bool SameNames(OtherName? one, OtherName? other)
    {
        for (; one is not null && other is not null && !ReferenceEquals(one, other); (one, other) = (one.Before, other.Before))
        {
            if (one.Name != other.Name)
            {
                return false;
            }
        }

        return ReferenceEquals(one, other);
    }

    private IndexSet Unwritable()
    {
        var taken = IndexSet.Empty;
        for (var index = 0; index < Rule.Properties.Count; index++)
        {
            if (!IsWritable(Rule.Properties[index].Value))
            {
                taken = taken.With(index);
            }
        }

        return taken;
    }

    /// <summary>Names that were written and that the schema does not name.</summary>
    protected sealed record OtherName(string Name, OtherName? Before)
    {
        public int Count { get; } = 1 + (Before?.Count ?? 0);
    }
}

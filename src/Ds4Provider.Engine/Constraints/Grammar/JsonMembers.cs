namespace Ds4Provider.Engine.Constraints.Grammar;

/// <summary>The members of a JSON object.</summary>
internal sealed class JsonMembers : Members
{
    private JsonMembers(ObjectRule rule, GrammarState then)
        : base(rule, then, then.Depth + 1)
    {
    }

    private JsonMembers(JsonMembers before, int property)
        : base(before, property)
    {
    }

    private JsonMembers(JsonMembers before, string other)
        : base(before, other)
    {
    }

    public override ChoiceTrie Names => Rule.Keys;

    /// <summary>The position after the opening brace.</summary>
    public static GrammarState Begin(ObjectRule rule, GrammarState then) => new MemberState(new JsonMembers(rule, then), MemberPhase.First);

    public override void Choose(int choice, StateSet next) =>
        BeginValue(Rule.Properties[choice].Value, new JsonMembers(this, choice), next);

    public override void ChooseOther(string name, StateSet next) =>
        next.Add(new LiteralState(Colon, new ValueState(Rule.Additional!, new MemberState(new JsonMembers(this, name), MemberPhase.Next))));

    /// <summary>Adds the ways to write a name, after its quotation mark.</summary>
    public void BeginKey(StateSet next) => BeginName(next);

    /// <summary>Bytes of the shortest way to end the object.</summary>
    public int EndCost(MemberPhase phase)
    {
        var missing = Missing().ToList();
        var cost = missing.Aggregate(missing.Count, (sum, index) => Shortest.Add(sum, ObjectRule.Cost(Rule.Properties[index])));
        var firstComma = missing.Count > 0 && phase != MemberPhase.Next ? 1 : 0;
        return missing.Count > 0 || phase is MemberPhase.First or MemberPhase.Next
            ? cost - firstComma + 1
            : Shortest.Add(FindCheapest().Cost, 1);
    }

    /// <summary>Writes the shortest end of the object.</summary>
    public void WriteEnd(MemberPhase phase, List<int> symbols)
    {
        var comma = phase == MemberPhase.Next;
        var missing = Missing().Select(index => Rule.Properties[index]).ToList();
        if (missing.Count == 0 && phase is MemberPhase.AfterComma or MemberPhase.AfterSpace)
        {
            missing.Add(FindCheapest().Member);
        }

        foreach (var property in missing)
        {
            symbols.AddRange(comma ? Symbol.Of(",") : []);
            WriteMember(property, symbols);
            comma = true;
        }

        symbols.Add('}');
    }

    protected override bool IsWritable(ValueRule value) => value.Whole.Fits(Depth);

    private static readonly int[] Colon = Symbol.Of(":");

    private static void BeginValue(ValueRule value, JsonMembers after, StateSet next) =>
        next.Add(new ValueState(value, new MemberState(after, MemberPhase.Next)));

    private static void WriteMember(Property property, List<int> symbols)
    {
        symbols.AddRange(Symbol.Of(ObjectRule.Quoted(property.Name) + ":"));
        property.Value.WriteShortest(symbols);
    }

    private (Property Member, int Cost) FindCheapest()
    {
        var all = Enumerable.Range(0, Rule.Properties.Count).Where(Offers).Select(index => Rule.Properties[index]);
        if (OffersOthers)
        {
            all = all.Append(new Property(NewName(), Rule.Additional!, IsRequired: false));
        }

        return all.Select(property => (property, ObjectRule.Cost(property))).MinBy(member => member.Item2);
    }
}

/// <summary>Where between two members an object is.</summary>
internal enum MemberPhase
{
    /// <summary>After the opening brace.</summary>
    First,

    /// <summary>After a member.</summary>
    Next,

    /// <summary>After a comma.</summary>
    AfterComma,

    /// <summary>After a comma and a space.</summary>
    AfterSpace,
}

/// <summary>Between the members of a JSON object. There is at most the white space that Python writes.</summary>
internal sealed class MemberState(JsonMembers members, MemberPhase phase) : GrammarState
{
    public override int Depth => members.Depth;

    protected override int FindCost() => members.EndCost(phase) + members.Then.Cost;

    public override void Read(int symbol, StateSet next)
    {
        switch (phase, symbol)
        {
            case (MemberPhase.First or MemberPhase.Next, '}') when members.MayEnd:
                next.Add(members.Then);
                break;
            case (MemberPhase.First, '"') when members.MayContinue:
            case (MemberPhase.AfterComma or MemberPhase.AfterSpace, '"'):
                members.BeginKey(next);
                break;
            case (MemberPhase.Next, ',') when members.MayContinue:
                next.Add(new MemberState(members, MemberPhase.AfterComma));
                break;
            case (MemberPhase.AfterComma, ' '):
                next.Add(new MemberState(members, MemberPhase.AfterSpace));
                break;
        }
    }

    public override GrammarState? WriteShortest(List<int> symbols)
    {
        members.WriteEnd(phase, symbols);
        return members.Then;
    }

    public override bool SameAs(GrammarState other) => other is MemberState member && member.SameAs(members, phase);

    private bool SameAs(JsonMembers otherMembers, MemberPhase otherPhase) =>
        phase == otherPhase && (ReferenceEquals(members, otherMembers) || members.SameAs(otherMembers));
}

using System.Text;

namespace Ds4Provider.Engine.Constraints.Grammar;

/// <summary>The parameters of a call: the members of its arguments, each in a tag.</summary>
internal sealed class Parameters : Members
{
    private Parameters(ObjectRule rule, GrammarState then)
        : base(rule, then, depth: 0)
    {
    }

    private Parameters(Parameters before, int property)
        : base(before, property)
    {
    }

    private Parameters(Parameters before, string other)
        : base(before, other)
    {
    }

    public override ChoiceTrie Names => Rule.Parameters;

    /// <summary>The position after the tag that opens the call.</summary>
    public static GrammarState Begin(ObjectRule rule, GrammarState then) => new ParametersState(new Parameters(rule, then), isFirst: true);

    public override void Choose(int choice, StateSet next) =>
        BeginValue(Rule.Properties[choice].Value, new ParametersState(new Parameters(this, choice), isFirst: false), next);

    public override void ChooseOther(string name, StateSet next) => next.Add(new LiteralState(
        AfterName, new ParameterValueState(Rule.Additional!, new ParametersState(new Parameters(this, name), isFirst: false))));

    /// <summary>Adds the ways to write a name.</summary>
    public void BeginParameter(StateSet next) => BeginName(next);

    /// <summary>The shortest way to write the parameters that are missing, and to end the call.</summary>
    public void WriteEnd(bool isFirst, List<int> symbols)
    {
        var missing = Missing().ToList();
        foreach (var property in missing.Select(index => Rule.Properties[index]))
        {
            symbols.AddRange(DsmlSyntax.OpenParameter);
            symbols.AddRange(Symbol.Of(property.Name + DsmlSyntax.AfterParameterName));
            var after = new ParameterValueState(property.Value, EndState.Instance);
            for (GrammarState? state = after; state is not null and not EndState;)
            {
                state = state.WriteShortest(symbols);
            }
        }

        symbols.AddRange(isFirst && missing.Count == 0 ? DsmlSyntax.NoParameters : DsmlSyntax.CloseInvoke);
    }

    /// <summary>Symbols of that.</summary>
    public int EndCost(bool isFirst)
    {
        var cost = 0;
        var any = false;
        foreach (var property in Missing().Select(index => Rule.Properties[index]))
        {
            any = true;
            cost = Shortest.Add(cost, DsmlSyntax.OpenParameter.Length + Encoding.UTF8.GetByteCount(property.Name)
                + DsmlSyntax.AfterParameterName.Length + ParameterValueState.CostOf(property.Value));
        }

        return cost + (isFirst && !any ? DsmlSyntax.NoParameters.Length : DsmlSyntax.CloseInvoke.Length);
    }

    protected override bool IsWritable(ValueRule value) => value.Raw < Shortest.Never || value.Other.Fits(Depth);

    private static readonly int[] AfterName = Symbol.Of(DsmlSyntax.AfterParameterName[1..]); // the quotation mark was read

    private static void BeginValue(ValueRule value, GrammarState after, StateSet next) => next.Add(new ParameterValueState(value, after));
}

/// <summary>Between the parameters of a call.</summary>
internal sealed class ParametersState(Parameters parameters, bool isFirst) : GrammarState
{
    public override int Depth => 0;

    protected override int FindCost() => parameters.EndCost(isFirst) + parameters.Then.Cost;

    public override void Read(int symbol, StateSet next)
    {
        switch (symbol)
        {
            case '\n' when isFirst && parameters.MayEnd:
                next.Add(new LiteralState(DsmlSyntax.NoParameters, 1, parameters.Then));
                break;
            case '<':
                if (parameters.MayContinue)
                {
                    next.Add(new LiteralState(DsmlSyntax.OpenParameter, 1, new ParameterNameState(parameters)));
                }

                if (!isFirst && parameters.MayEnd)
                {
                    next.Add(new LiteralState(DsmlSyntax.CloseInvoke, 1, parameters.Then));
                }

                break;
        }
    }

    public override GrammarState? WriteShortest(List<int> symbols)
    {
        parameters.WriteEnd(isFirst, symbols);
        return parameters.Then;
    }

    public override bool SameAs(GrammarState other) => other is ParametersState state && state.SameAs(parameters, isFirst);

    private bool SameAs(Parameters otherParameters, bool otherFirst) =>
        isFirst == otherFirst && (ReferenceEquals(parameters, otherParameters) || parameters.SameAs(otherParameters));
}

/// <summary>At the beginning of a parameter's name.</summary>
internal sealed class ParameterNameState(Parameters parameters) : EntryState
{
    public override int Depth => 0;

    public override void Begin(StateSet next) => parameters.BeginParameter(next);

    public override bool SameAs(GrammarState other) => other is ParameterNameState name && name.SameAs(parameters);

    private bool SameAs(Parameters other) => ReferenceEquals(parameters, other) || parameters.SameAs(other);
}

/// <summary>At the place where a parameter says whether it is a string; its value and the tag that ends it follow.</summary>
internal sealed class ParameterValueState(ValueRule value, GrammarState then) : GrammarState
{
    public override int Depth => 0;

    protected override int FindCost() => CostOf(value) + then.Cost;

    public static int CostOf(ValueRule value) => DsmlSyntax.CloseParameter.Length + Math.Min(RawCost(value), OtherCost(value));

    public override void Read(int symbol, StateSet next)
    {
        if (symbol == DsmlSyntax.IsString[0] && value.Raw < Shortest.Never)
        {
            next.Add(new LiteralState(DsmlSyntax.IsString, 1, new ParameterTextState(value, isString: true, then)));
        }
        else if (symbol == DsmlSyntax.IsJson[0] && value.Other.Fits(0))
        {
            next.Add(new LiteralState(DsmlSyntax.IsJson, 1, new ParameterTextState(value, isString: false, then)));
        }
    }

    public override GrammarState? WriteShortest(List<int> symbols)
    {
        var isString = RawCost(value) <= OtherCost(value);
        symbols.AddRange(isString ? DsmlSyntax.IsString : DsmlSyntax.IsJson);
        return new ParameterTextState(value, isString, then);
    }

    public override bool SameAs(GrammarState other) => other is ParameterValueState state && state.SameAs(value, then);

    private static int RawCost(ValueRule value) => Shortest.Add(DsmlSyntax.IsString.Length, value.Raw);

    private static int OtherCost(ValueRule value) => Shortest.Add(DsmlSyntax.IsJson.Length, value.Other.Cost);

    private bool SameAs(ValueRule otherValue, GrammarState otherThen) => ReferenceEquals(value, otherValue) && StateSet.Same(then, otherThen);
}

/// <summary>At the beginning of a parameter's value.</summary>
internal sealed class ParameterTextState(ValueRule value, bool isString, GrammarState then) : EntryState
{
    public override int Depth => 0;

    public override void Begin(StateSet next)
    {
        if (isString)
        {
            value.BeginRaw(then, next);
        }
        else
        {
            value.BeginOther(new LiteralState(DsmlSyntax.CloseParameter, then), next);
        }
    }

    public override bool SameAs(GrammarState other) => other is ParameterTextState state && state.SameAs(value, isString, then);

    private bool SameAs(ValueRule otherValue, bool otherString, GrammarState otherThen) =>
        ReferenceEquals(value, otherValue) && isString == otherString && StateSet.Same(then, otherThen);
}

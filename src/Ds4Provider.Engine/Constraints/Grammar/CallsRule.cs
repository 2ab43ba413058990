using System.Text;

namespace Ds4Provider.Engine.Constraints.Grammar;

/// <summary>A tool that may be called.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Arguments">What its arguments may be.</param>
internal sealed record CallableTool(string Name, IReadOnlyList<ObjectRule> Arguments);

/// <summary>A block of calls.</summary>
/// <param name="tools">The tools.</param>
/// <param name="mostCalls">Most calls of a block.</param>
internal sealed class CallsRule(IReadOnlyList<CallableTool> tools, int mostCalls)
{
    /// <summary>The names, each with the end of its tag.</summary>
    public ChoiceTrie Names { get; } = new(tools.Select(tool => Encoding.UTF8.GetBytes(tool.Name + DsmlSyntax.AfterToolName)));

    public IReadOnlyList<CallableTool> Tools => tools;

    /// <summary>The position before the line breaks that precede a block.</summary>
    public GrammarState Begin() => new LiteralState([.. DsmlSyntax.BeforeBlock, .. DsmlSyntax.OpenBlock], new CallsState(this, 0));

    /// <summary>The position after the control token of the tag that opens a block.</summary>
    public GrammarState BeginOpened() => new LiteralState(DsmlSyntax.BlockName, new CallsState(this, 0));

    /// <summary>Whether another call may follow after so many.</summary>
    public bool Continues(int calls) => calls < mostCalls;

    /// <summary>The count after one more call.</summary>
    public int Increase(int calls) => mostCalls == int.MaxValue ? 1 : calls + 1;
}

/// <summary>Between the calls of a block.</summary>
internal sealed class CallsState(CallsRule rule, int calls) : GrammarState
{
    public override int Depth => 0;

    protected override int FindCost() => calls > 0
        ? DsmlSyntax.CloseBlock.Length
        : DsmlSyntax.OpenInvoke.Length + new ToolNameState(rule, calls).Cost;

    public override void Read(int symbol, StateSet next)
    {
        if (symbol != '<')
        {
            return;
        }

        if (rule.Continues(calls))
        {
            next.Add(new LiteralState(DsmlSyntax.OpenInvoke, 1, new ToolNameState(rule, calls)));
        }

        if (calls > 0)
        {
            next.Add(new LiteralState(DsmlSyntax.CloseBlock, 1, EndState.Instance));
        }
    }

    public override GrammarState? WriteShortest(List<int> symbols)
    {
        symbols.AddRange(calls > 0 ? DsmlSyntax.CloseBlock : DsmlSyntax.OpenInvoke);
        return calls > 0 ? EndState.Instance : new ToolNameState(rule, calls);
    }

    public override bool SameAs(GrammarState other) => other is CallsState state && state.SameAs(rule, calls);

    private bool SameAs(CallsRule otherRule, int otherCalls) => ReferenceEquals(rule, otherRule) && calls == otherCalls;
}

/// <summary>At the beginning of a tool's name.</summary>
internal sealed class ToolNameState(CallsRule rule, int calls) : EntryState, IChoiceOwner
{
    public override int Depth => 0;

    public override void Begin(StateSet next) => ChoiceState.Begin(rule.Names, this, next);

    public override bool SameAs(GrammarState other) => other is ToolNameState state && state.SameAs(rule, calls);

    public bool IsIndifferent => false;

    public bool Offers(int choice) => true;

    public bool OffersAny(ChoiceNode node) => true;

    public void Choose(int choice, StateSet next)
    {
        foreach (var arguments in rule.Tools[choice].Arguments)
        {
            next.Add(Parameters.Begin(arguments, new CallsState(rule, rule.Increase(calls))));
        }
    }

    public bool SameAs(IChoiceOwner other) => other is ToolNameState state && state.SameAs(rule, calls);

    private bool SameAs(CallsRule otherRule, int otherCalls) => ReferenceEquals(rule, otherRule) && calls == otherCalls;
}

using System.Text;
using Ds4Provider.Engine.Json;

namespace Ds4Provider.Engine.Constraints.Grammar;

/// <summary>One of several values that are not strings, each in the one spelling in which history is written.</summary>
/// <param name="values">The values as JSON.</param>
/// <param name="nesting">JSON containers inside one another in the deepest of them.</param>
internal sealed class LiteralRule(IEnumerable<string> values, int nesting = 0) : JsonRule
{
    private readonly ChoiceTrie _values = new(values.Distinct(StringComparer.Ordinal).Select(Encoding.UTF8.GetBytes));

    /// <summary>The two truth values.</summary>
    public static LiteralRule Boolean() => new(["true", "false"]);

    /// <summary>Nothing.</summary>
    public static LiteralRule Null() => new(["null"]);

    public override void Begin(GrammarState then, StateSet next) => ChoiceState.Begin(_values, new AnyChoice(then), next);

    public override void WriteShortest(List<int> symbols) => AnyChoice.Write(_values, symbols);

    protected override Shortest FindShortest() => new(_values[_values.Cheapest].Length, nesting);
}

/// <summary>One of several strings.</summary>
internal sealed class StringChoiceRule : StringRule
{
    private readonly ChoiceTrie _quoted;
    private readonly ChoiceTrie _raw;

    public StringChoiceRule(IEnumerable<string> values)
    {
        var distinct = values.Distinct(StringComparer.Ordinal).ToList();
        _quoted = new ChoiceTrie(distinct.Select(Quoted));
        _raw = new ChoiceTrie(distinct.Select(Encoding.UTF8.GetBytes));
    }

    public override int RawCost => _raw[_raw.Cheapest].Length;

    public override void Begin(GrammarState then, StateSet next) => ChoiceState.Begin(_quoted, new AnyChoice(then), next);

    public override void BeginRaw(GrammarState then, StateSet next) =>
        ChoiceState.Begin(_raw, new AnyChoice(new LiteralState(DsmlSyntax.CloseParameter, then)), next);

    public override void WriteShortest(List<int> symbols) => AnyChoice.Write(_quoted, symbols);

    public override void WriteShortestRaw(List<int> symbols) => AnyChoice.Write(_raw, symbols);

    protected override Shortest FindShortest() => new(_quoted[_quoted.Cheapest].Length, 0);

    private static byte[] Quoted(string value)
    {
        var text = new StringBuilder();
        JsonDumps.AppendString(text, value);
        return Encoding.UTF8.GetBytes(text.ToString());
    }
}

/// <summary>Whatever is chosen, the same follows.</summary>
internal sealed class AnyChoice(GrammarState then) : IChoiceOwner
{
    public int Depth => then.Depth;

    public static void Write(ChoiceTrie texts, List<int> symbols)
    {
        foreach (var value in texts[texts.Cheapest])
        {
            symbols.Add(value);
        }
    }

    public bool IsIndifferent => true;

    public bool Offers(int choice) => true;

    public bool OffersAny(ChoiceNode node) => true;

    public void Choose(int choice, StateSet next) => next.Add(then);

    public bool SameAs(IChoiceOwner other) => other is AnyChoice any && StateSet.Same(then, any.Then);

    private GrammarState Then => then;
}

using System.Text;
using Ds4Provider.Engine.Json;

namespace Ds4Provider.Engine.Constraints.Grammar;

/// <summary>A member that a schema names.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">What its value may be.</param>
/// <param name="IsRequired">Whether the object must have it.</param>
internal sealed record Property(string Name, ValueRule Value, bool IsRequired);

/// <summary>An object: each member at most once, in any order.</summary>
/// <param name="properties">Members that the schema names.</param>
/// <param name="additional">What members of other names may be; null = there are none.</param>
internal sealed class ObjectRule(IReadOnlyList<Property> properties, ValueRule? additional) : JsonRule
{
    private const int LongName = 63;

    private ChoiceTrie? _keys;
    private ChoiceTrie? _parameters;

    public IReadOnlyList<Property> Properties => properties;

    public ValueRule? Additional => additional;

    /// <summary>Indices of the required properties.</summary>
    public IndexSet Required { get; } = Indices(properties, static property => property.IsRequired);

    /// <summary>Names of the properties.</summary>
    public IReadOnlySet<string> Names { get; } = properties.Select(property => property.Name).ToHashSet(StringComparer.Ordinal);

    /// <summary>Characters of the longest name, or of what is long for one.</summary>
    public int LongestName { get; } = properties.Select(property => property.Name.EnumerateRunes().Count()).Append(LongName).Max();

    /// <summary>The names as JSON keys, from after the opening quotation mark to the colon.</summary>
    public ChoiceTrie Keys => _keys ??= new ChoiceTrie(properties.Select(property => Encoding.UTF8.GetBytes(Quoted(property.Name)[1..] + ":")));

    /// <summary>The names as names of parameters, up to whether they are strings.</summary>
    public ChoiceTrie Parameters => _parameters ??= new ChoiceTrie(
        properties.Select(property => Encoding.UTF8.GetBytes(property.Name + DsmlSyntax.AfterParameterName)));

    public override void Begin(GrammarState then, StateSet next) => next.Add(new LiteralState(Open, JsonMembers.Begin(this, then)));

    public override void WriteShortest(List<int> symbols)
    {
        symbols.Add('{');
        var first = true;
        foreach (var property in properties.Where(property => property.IsRequired))
        {
            symbols.AddRange(first ? [] : Comma);
            symbols.AddRange(Symbol.Of(Quoted(property.Name) + ":"));
            property.Value.WriteShortest(symbols);
            first = false;
        }

        symbols.Add('}');
    }

    /// <summary>A member's share of the shortest text, without a comma.</summary>
    public static int Cost(Property property) =>
        Shortest.Add(Encoding.UTF8.GetByteCount(Quoted(property.Name)) + 1, property.Value.Whole.Cost);

    protected override Shortest FindShortest()
    {
        var required = properties.Where(property => property.IsRequired).ToList();
        var cost = required.Aggregate(2 + Math.Max(0, required.Count - 1), (sum, property) => Shortest.Add(sum, Cost(property)));
        var nesting = required.Select(property => property.Value.Whole.Nesting).Append(0).Max();
        return new Shortest(cost, nesting + 1);
    }

    private static readonly int[] Open = Symbol.Of("{");
    private static readonly int[] Comma = Symbol.Of(",");

    /// <summary>A name as JSON.</summary>
    public static string Quoted(string name)
    {
        var text = new StringBuilder();
        JsonDumps.AppendString(text, name);
        return text.ToString();
    }

    private static IndexSet Indices(IReadOnlyList<Property> properties, Func<Property, bool> wanted) =>
        Enumerable.Range(0, properties.Count).Where(index => wanted(properties[index])).Aggregate(IndexSet.Empty, (set, index) => set.With(index));
}

using System.Runtime.CompilerServices;
using Ds4Provider.Engine.Constraints.Schemas;

namespace Ds4Provider.Engine.Constraints.Grammar;

/// <summary>
/// What a schema allows: any of its alternatives. Strings stand apart, because a parameter writes them raw. Filled while
/// schemas are compiled, so that a schema may refer to itself; <see cref="Seal"/> then gathers the alternatives of all
/// included rules, once each however many ways lead to them. Immutable from then on.
/// </summary>
/// <param name="place">Where the schema stands.</param>
internal sealed class ValueRule(SchemaPlace place)
{
    private readonly List<ValueRule> _included = [];
    private List<StringRule> _strings = [];
    private List<JsonRule> _others = [];

    public SchemaPlace Place => place;

    /// <summary>Number of alternatives.</summary>
    public int Count => _strings.Count + _others.Count;

    /// <summary>The shortest JSON text of any value.</summary>
    public Shortest Whole { get; private set; } = Shortest.None;

    /// <summary>The shortest JSON text of a value that is no string.</summary>
    public Shortest Other { get; private set; } = Shortest.None;

    /// <summary>The shortest string, raw.</summary>
    public int Raw { get; private set; } = Shortest.Never;

    /// <summary>Alternatives that are objects.</summary>
    public IEnumerable<ObjectRule> Objects => _others.OfType<ObjectRule>();

    public IReadOnlyList<ValueRule> Included => _included;

    public void Add(StringRule rule) => _strings.Add(rule);

    public void Add(JsonRule rule) => _others.Add(rule);

    /// <summary>Takes in all alternatives of another rule.</summary>
    public void Include(ValueRule rule) => _included.Add(rule);

    /// <summary>Takes over the alternatives of the included rules, which are sealed.</summary>
    public void Seal()
    {
        if (_included.Count == 0)
        {
            return;
        }

        _strings = [.. _strings.Concat(_included.SelectMany(rule => rule._strings)).Distinct(SameStrings.Instance)];
        _others = [.. _others.Concat(_included.SelectMany(rule => rule._others)).Distinct()];
    }

    /// <summary>Adds the ways to begin any value as JSON.</summary>
    public void Begin(GrammarState then, StateSet next)
    {
        foreach (var rule in _strings)
        {
            Begin(rule, then, next);
        }

        BeginOther(then, next);
    }

    /// <summary>Adds the ways to begin a value that is no string.</summary>
    public void BeginOther(GrammarState then, StateSet next)
    {
        foreach (var rule in _others)
        {
            Begin(rule, then, next);
        }
    }

    /// <summary>Adds the ways to begin a raw string and the tag that ends it.</summary>
    public void BeginRaw(GrammarState then, StateSet next)
    {
        foreach (var rule in _strings.Where(rule => rule.RawCost < Shortest.Never))
        {
            rule.BeginRaw(then, next);
        }
    }

    /// <summary>Writes the shortest value as JSON.</summary>
    public void WriteShortest(List<int> symbols) =>
        _strings.Concat(_others).First(rule => rule.Shortest == Whole).WriteShortest(symbols);

    /// <summary>Measures by what is known of the alternatives; true when something became shorter.</summary>
    public bool Measure()
    {
        var changed = false;
        foreach (var rule in _strings)
        {
            changed |= rule.Measure();
        }

        foreach (var rule in _others)
        {
            changed |= rule.Measure();
        }

        // Of equally short ones the first found stays: whoever contains this rule has reckoned with its nesting.
        var other = Other.Or(Least(_others.Select(rule => rule.Shortest)));
        var whole = Whole.Or(Least(_strings.Concat(_others).Select(rule => rule.Shortest)));
        var raw = _strings.Select(rule => rule.RawCost).Append(Shortest.Never).Min();
        changed |= other != Other || whole != Whole || raw != Raw;
        (Other, Whole, Raw) = (other, whole, raw);
        return changed;
    }

    private static Shortest Least(IEnumerable<Shortest> all) => all.Aggregate(Shortest.None, (least, one) => least.Or(one));

    private static void Begin(JsonRule rule, GrammarState then, StateSet next)
    {
        if (rule.Shortest.Fits(then.Depth))
        {
            rule.Begin(then, next);
        }
    }

    /// <summary>Free strings of equal lengths are one alternative.</summary>
    private sealed class SameStrings : IEqualityComparer<StringRule>
    {
        public static SameStrings Instance { get; } = new();

        public bool Equals(StringRule? x, StringRule? y) =>
            ReferenceEquals(x, y) || (x is FreeStringRule one && y is FreeStringRule other && one.IsLike(other));

        public int GetHashCode(StringRule obj) => obj is FreeStringRule free ? HashCode.Combine(free.Least, free.Most) : RuntimeHelpers.GetHashCode(obj);
    }
}

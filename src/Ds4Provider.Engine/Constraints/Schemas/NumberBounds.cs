using System.Text.Json;
using Ds4Provider.Engine.Constraints.Grammar;

namespace Ds4Provider.Engine.Constraints.Schemas;

/// <summary>The bounds of a number, as far as an integer part can keep them.</summary>
internal sealed class NumberBounds(SchemaDocument document, Dictionary<string, SchemaNode> keywords, SchemaPlace place)
{
    /// <summary>The rule of the number.</summary>
    /// <exception cref="SchemaException">A bound is no number; or strict, and the bounds leave no number that can be written.</exception>
    public NumberRule Compile(bool hasFraction)
    {
        var least = Math.Max(Least("minimum", exclusive: false), Least("exclusiveMinimum", exclusive: true));
        var most = Math.Min(Most("maximum", exclusive: false), Most("exclusiveMaximum", exclusive: true));
        if (least <= most)
        {
            return new NumberRule(hasFraction, least, most);
        }

        // Between 0.2 and 0.7 no integer part can keep the bounds.
        return document.IsStrict || !hasFraction
            ? throw document.Refuse(place, "there is no whole number between its bounds, and others are not enforced.")
            : new NumberRule(hasFraction, -NumberRule.Largest, NumberRule.Largest);
    }

    private long Least(string name, bool exclusive)
    {
        if (Whole(name) is { } whole)
        {
            return exclusive ? whole + 1 : whole;
        }

        if (Bound(name) is not { } bound)
        {
            return -NumberRule.Largest;
        }

        var least = Math.Ceiling(bound);
        return Clamp(exclusive && least == bound ? least + 1 : least, name);
    }

    private long Most(string name, bool exclusive)
    {
        if (Whole(name) is { } whole)
        {
            return exclusive ? whole - 1 : whole;
        }

        if (Bound(name) is not { } bound)
        {
            return NumberRule.Largest;
        }

        var most = Math.Floor(bound);
        return Clamp(exclusive && most == bound ? most - 1 : most, name);
    }

    /// <summary>A bound that is a whole number, exactly: beyond 2^53 its double is another one.</summary>
    private long? Whole(string name) =>
        keywords.TryGetValue(name, out var node) && node.Is(JsonValueKind.Number) && node.Value.TryGetInt64(out var whole)
        && Math.Abs(whole / 10) < NumberRule.Largest / 10
            ? whole
            : null;

    private double? Bound(string name)
    {
        if (!keywords.TryGetValue(name, out var node))
        {
            return null;
        }

        // Draft 4 has a boolean here, which says how 'minimum' is meant.
        if (node.Value.ValueKind is JsonValueKind.True or JsonValueKind.False && !document.IsStrict)
        {
            return null;
        }

        return node.Is(JsonValueKind.Number) && node.Value.TryGetDouble(out var bound)
            ? bound
            : throw document.Refuse(node.Place, "expected a number.");
    }

    private long Clamp(double bound, string name) => Math.Abs(bound) <= NumberRule.Largest
        ? (long)bound
        : name.EndsWith("inimum", StringComparison.Ordinal) == bound < 0
            ? Math.Sign(bound) * NumberRule.Largest
            : throw document.Refuse(keywords[name].Place, "no number beyond 18 digits can be written.");
}

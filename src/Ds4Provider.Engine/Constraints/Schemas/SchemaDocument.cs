using System.Text.Json;

namespace Ds4Provider.Engine.Constraints.Schemas;

/// <summary>A schema with its references and conjunctions resolved to sets of keywords.</summary>
/// <param name="tool">The tool that it belongs to, for messages.</param>
/// <param name="root">The schema.</param>
/// <param name="strict">Whether what cannot be enforced is refused.</param>
internal sealed class SchemaDocument(string? tool, JsonElement root, bool strict)
{
    private const int MostParts = 10_000;
    private const int MostMerges = 2_000;
    private const int DeepestSchema = 200;

    private int _parts;
    private int _merges;
    private int _depth;

    /// <summary>The schema itself.</summary>
    public SchemaNode Root { get; } = new(root, SchemaPlace.Root);

    public bool IsStrict => strict;

    /// <summary>A refusal of a place.</summary>
    public SchemaException Refuse(SchemaPlace place, string reason) => new(tool, place.Pointer, reason);

    /// <summary>Counts parts of the schema; no tool has so many that it takes long.</summary>
    public void Count(SchemaPlace place, int parts)
    {
        if ((_parts += parts) > MostParts)
        {
            throw Refuse(place, $"the schema has more than {MostParts} parts, those counted again that are referred to; make it smaller.");
        }
    }

    /// <summary>Goes a level deeper into the schema, by nesting or by reference; <see cref="Leave"/> comes back.</summary>
    public void Enter(SchemaPlace place)
    {
        if (++_depth > DeepestSchema)
        {
            throw Refuse(place, $"the schema is nested deeper than {DeepestSchema} levels, references included.");
        }
    }

    /// <summary>Comes back from a level.</summary>
    public void Leave() => _depth--;

    /// <summary>The keywords of a schema object, with what it refers to and what must hold as well.</summary>
    public Dictionary<string, SchemaNode> Resolve(SchemaNode schema) => Resolve(schema, []);

    private Dictionary<string, SchemaNode> Resolve(SchemaNode schema, HashSet<SchemaPlace> visiting)
    {
        Count(schema.Place, 1);
        Enter(schema.Place);
        if (!schema.Is(JsonValueKind.Object))
        {
            throw Refuse(schema.Place, "expected a schema, which is an object, true or false.");
        }

        if (!visiting.Add(schema.Place))
        {
            throw Refuse(schema.Place, "the reference leads back to itself without anything in between.");
        }

        var keywords = new Dictionary<string, SchemaNode>(StringComparer.Ordinal);
        foreach (var (name, node) in schema.Members())
        {
            CheckKeyword(name, node);
            keywords[name] = node; // the last of equal ones, as JSON readers do
        }

        if (keywords.Remove("$ref", out var reference) && Find(reference) is { } target && !target.Is(JsonValueKind.True))
        {
            keywords = Merge(keywords, Resolve(target, visiting), schema.Place);
        }

        if (keywords.Remove("allOf", out var all))
        {
            foreach (var part in Alternatives(all).Where(part => !part.Is(JsonValueKind.True)))
            {
                keywords = Merge(keywords, Resolve(part, visiting), part.Place);
            }
        }

        visiting.Remove(schema.Place);
        Leave();
        return keywords;
    }

    /// <summary>The non-empty array of an <c>anyOf</c>, <c>oneOf</c> or <c>allOf</c>.</summary>
    public IReadOnlyList<SchemaNode> Alternatives(SchemaNode node) =>
        node.Is(JsonValueKind.Array) && node.Value.GetArrayLength() > 0
            ? [.. node.Items()]
            : throw Refuse(node.Place, "expected an array with at least one schema.");

    /// <summary>Keywords that all hold. Where both sides limit the same thing in different ways, the first side counts.</summary>
    public Dictionary<string, SchemaNode> Merge(Dictionary<string, SchemaNode> one, Dictionary<string, SchemaNode> other, SchemaPlace place)
    {
        var merged = new Dictionary<string, SchemaNode>(one, StringComparer.Ordinal);
        foreach (var (name, node) in other)
        {
            if (!merged.TryGetValue(name, out var own) || SchemaKeywords.Annotations.Contains(name))
            {
                merged.TryAdd(name, node);
            }
            else if (own.Place.Equals(node.Place))
            {
                continue;
            }
            else if (++_merges > MostMerges)
            {
                throw Refuse(place, $"more than {MostMerges} keywords are limited at several places; make the schema smaller.");
            }
            else if (Combine(name, own, node) is { } combined)
            {
                merged[name] = combined;
            }
            else if (strict)
            {
                throw Refuse(place, $"'{name}' is also limited at {Place(own)}, and both together are not enforced; merge the two, or leave 'strict' out.");
            }
        }

        return merged;
    }

    private static string Place(SchemaNode node) => node.Place.Equals(SchemaPlace.Root) ? "the root" : node.Place.Pointer;

    private static SchemaNode? Combine(string name, SchemaNode one, SchemaNode other)
    {
        if (JsonElement.DeepEquals(one.Value, other.Value))
        {
            return one;
        }

        return name switch
        {
            "required" when one.Is(JsonValueKind.Array) && other.Is(JsonValueKind.Array) =>
                Join(one, one.Value.EnumerateArray().Concat(other.Value.EnumerateArray())),
            "properties" when one.Is(JsonValueKind.Object) && other.Is(JsonValueKind.Object) => Join(one, other),
            "type" => Types(other) is var types && Types(one).Where(types.Contains).ToList() is { Count: > 0 } both
                ? new SchemaNode(JsonSerializer.SerializeToElement(both, SchemaJson.Default.ListString), one.Place)
                : null,
            _ => null,
        };
    }

    private static HashSet<string> Types(SchemaNode node) => node.Value.ValueKind switch
    {
        JsonValueKind.String => [node.Value.GetString()!],
        JsonValueKind.Array => [.. node.Value.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)],
        _ => [],
    };

    private static SchemaNode Join(SchemaNode place, IEnumerable<JsonElement> items) =>
        new(JsonSerializer.SerializeToElement(items.ToArray(), SchemaJson.Default.JsonElementArray), place.Place);

    /// <summary>Both sides' members, unless they disagree about one.</summary>
    private static SchemaNode? Join(SchemaNode one, SchemaNode other)
    {
        var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var member in one.Value.EnumerateObject().Concat(other.Value.EnumerateObject()))
        {
            if (!members.TryAdd(member.Name, member.Value) && !JsonElement.DeepEquals(members[member.Name], member.Value))
            {
                return null;
            }
        }

        // The parts stand at two places; a third name keeps them apart from either.
        return new SchemaNode(JsonSerializer.SerializeToElement(members, SchemaJson.Default.DictionaryStringJsonElement), one.Place.With(other.Place));
    }

    private void CheckKeyword(string name, SchemaNode node)
    {
        if (strict && !SchemaKeywords.Enforced.Contains(name) && !SchemaKeywords.Annotations.Contains(name))
        {
            throw Refuse(node.Place, $"'{name}' is not enforced; leave it out, or leave 'strict' out.");
        }
    }

    /// <summary>What a reference refers to; null when it lies outside of this document, which is not enforced.</summary>
    private SchemaNode? Find(SchemaNode reference)
    {
        if (!reference.Is(JsonValueKind.String))
        {
            throw Refuse(reference.Place, "expected a string such as '#/$defs/name'.");
        }

        var text = reference.Value.GetString()!;
        if (text != "#" && !text.StartsWith("#/", StringComparison.Ordinal))
        {
            return strict
                ? throw Refuse(reference.Place, $"'{text}' lies outside of this schema; put the definition under '$defs'.")
                : null;
        }

        var found = Root;
        foreach (var step in text.Split('/').Skip(1))
        {
            var name = Uri.UnescapeDataString(step).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            found = Step(found, name) ?? throw Refuse(reference.Place, $"there is nothing at '{text}'.");
        }

        return found;
    }

    private static SchemaNode? Step(SchemaNode node, string name) => node.Value.ValueKind switch
    {
        JsonValueKind.Object => node.Value.TryGetProperty(name, out var member) ? new SchemaNode(member, node.Place.Below(name)) : null,
        JsonValueKind.Array when int.TryParse(name, out var index) && index >= 0 && index < node.Value.GetArrayLength() =>
            node.Items().ElementAt(index),
        _ => null,
    };
}

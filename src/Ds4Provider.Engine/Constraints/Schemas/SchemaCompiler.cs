using System.Runtime.InteropServices;
using System.Text.Json;
using Ds4Provider.Engine.Constraints.Grammar;
using Ds4Provider.Engine.Json;

namespace Ds4Provider.Engine.Constraints.Schemas;

/// <summary>
/// Compiles one JSON Schema (draft 2020-12; the older <c>definitions</c> and tuples too) to rules. What the rules allow,
/// the schema allows, as far as its keywords are enforced; the reverse need not hold: a number has one of finitely many
/// spellings, an object with named properties gets others only when the schema asks for them.
/// </summary>
internal sealed class SchemaCompiler
{
    private const int MostValues = 20_000;
    private const int MostItems = 4_096;
    private const int MostBytes = 1 << 20;
    private const int MostAlternatives = 100_000;
    private const int DeepestInclusion = 200;

    private static readonly string[] AllTypes = ["string", "number", "boolean", "null", "object", "array"];
    private static readonly string[] ObjectKeywords = ["properties", "required", "additionalProperties"];
    private static readonly string[] ArrayKeywords = ["items", "prefixItems", "minItems", "maxItems"];
    private static readonly string[] StringKeywords = ["minLength", "maxLength"];

    private readonly SchemaDocument _document;
    private readonly Dictionary<SchemaPlace, ValueRule> _compiled = [];
    private readonly List<ValueRule> _rules = [];
    private ValueRule? _any;
    private int _values;
    private int _alternatives;

    private SchemaCompiler(SchemaDocument document) => _document = document;

    /// <summary>Compiles a schema of any values.</summary>
    /// <exception cref="SchemaException">It is not valid, cannot be satisfied, or asks for what is not enforced.</exception>
    public static ValueRule Compile(string? tool, JsonElement schema, bool strict) =>
        new SchemaCompiler(new SchemaDocument(tool, schema, strict)).CompileRoot(onlyObjects: false);

    /// <summary>Compiles a schema of which only the objects count.</summary>
    /// <exception cref="SchemaException">As above, or it allows no object.</exception>
    public static IReadOnlyList<ObjectRule> CompileObjects(string? tool, JsonElement schema, bool strict)
    {
        var document = new SchemaDocument(tool, schema, strict);
        var rule = new SchemaCompiler(document).CompileRoot(onlyObjects: true);
        var objects = rule.Objects.Where(candidate => candidate.Shortest.Fits(0)).ToList();
        return objects.Count > 0 ? objects : throw document.Refuse(SchemaPlace.Root, "it allows no object, but arguments are one; set \"type\": \"object\".");
    }

    private ValueRule CompileRoot(bool onlyObjects)
    {
        if (JsonMarshal.GetRawUtf8Value(_document.Root.Value).Length > MostBytes)
        {
            throw _document.Refuse(SchemaPlace.Root, $"it has more than {MostBytes} bytes; make it smaller.");
        }

        var root = CompileNode(_document.Root);
        HashSet<ValueRule> done = [];
        foreach (var rule in _rules)
        {
            Seal(rule, done, []);
        }

        // Shortest texts of recursive schemas are a fixed point; each round settles at least one more. Parts are compiled
        // after what contains them, so from the end one round settles nearly all.
        _rules.Reverse();
        while (_rules.Aggregate(false, static (changed, rule) => rule.Measure() | changed))
        {
        }

        return onlyObjects || root.Whole.Fits(0) ? root : throw Unsatisfiable(root);
    }

    private SchemaException Unsatisfiable(ValueRule rule) => _document.Refuse(
        rule.Place,
        rule.Whole.Cost >= Shortest.Never
            ? $"no value can satisfy it that is finite and shorter than {Shortest.Never} bytes."
            : $"its values nest deeper than {Shortest.DeepestNesting} levels.");

    /// <summary>Seals a rule after those that it includes, each once.</summary>
    private void Seal(ValueRule rule, HashSet<ValueRule> done, HashSet<ValueRule> path)
    {
        if (done.Contains(rule))
        {
            return;
        }

        if (!path.Add(rule))
        {
            throw _document.Refuse(rule.Place, "its alternatives lead back to itself without anything in between.");
        }

        if (path.Count > DeepestInclusion)
        {
            throw _document.Refuse(rule.Place, $"alternatives of alternatives are nested deeper than {DeepestInclusion} levels.");
        }

        foreach (var included in rule.Included)
        {
            Seal(included, done, path);
        }

        rule.Seal();
        if ((_alternatives += rule.Count) > MostAlternatives)
        {
            throw _document.Refuse(rule.Place, "the schema has too many alternatives of alternatives; make it smaller.");
        }

        path.Remove(rule);
        done.Add(rule);
    }

    private ValueRule CompileNode(SchemaNode schema)
    {
        if (schema.Is(JsonValueKind.True))
        {
            return Any();
        }

        if (_compiled.TryGetValue(schema.Place, out var known))
        {
            return known;
        }

        var rule = NewRule(schema.Place);
        _compiled.Add(schema.Place, rule);
        if (schema.Is(JsonValueKind.False))
        {
            return rule;
        }

        _document.Enter(schema.Place);
        Fill(rule, _document.Resolve(schema), schema.Place);
        _document.Leave();
        return rule;
    }

    private ValueRule NewRule(SchemaPlace place)
    {
        var rule = new ValueRule(place);
        _rules.Add(rule);
        return rule;
    }

    /// <summary>Any JSON value.</summary>
    private ValueRule Any()
    {
        if (_any is null)
        {
            _any = NewRule(SchemaPlace.Root);
            AddTypes(_any, AllTypes, [], SchemaPlace.Root);
        }

        return _any;
    }

    private void Fill(ValueRule rule, Dictionary<string, SchemaNode> keywords, SchemaPlace place)
    {
        foreach (var name in (string[])["anyOf", "oneOf"])
        {
            if (keywords.TryGetValue(name, out var alternatives))
            {
                FillAlternatives(rule, keywords, name, alternatives);
                return;
            }
        }

        var types = Types(keywords);
        if (keywords.TryGetValue("const", out var constant))
        {
            AddValues(rule, [constant], keywords, constant.Place);
        }
        else if (keywords.TryGetValue("enum", out var values))
        {
            AddValues(rule, _document.Alternatives(values), keywords, values.Place);
        }
        else
        {
            AddTypes(rule, types, keywords, place);
        }
    }

    private void FillAlternatives(ValueRule rule, Dictionary<string, SchemaNode> keywords, string name, SchemaNode node)
    {
        var alternatives = _document.Alternatives(node);
        if (name == "oneOf" && _document.IsStrict && alternatives.Count > 1)
        {
            throw _document.Refuse(node.Place, "that only one of 'oneOf' holds is not enforced; send 'anyOf', or leave 'strict' out.");
        }

        keywords.Remove(name);
        var limits = keywords.Keys.Any(keyword => !SchemaKeywords.Annotations.Contains(keyword));
        foreach (var alternative in alternatives)
        {
            if (!limits)
            {
                rule.Include(CompileNode(alternative));
            }
            else if (alternative.Is(JsonValueKind.True))
            {
                Fill(rule, new(keywords), alternative.Place);
            }
            else if (!alternative.Is(JsonValueKind.False))
            {
                _document.Enter(alternative.Place);
                Fill(rule, _document.Merge(keywords, _document.Resolve(alternative), alternative.Place), alternative.Place);
                _document.Leave();
            }
        }
    }

    private string[] Types(Dictionary<string, SchemaNode> keywords)
    {
        if (!keywords.TryGetValue("type", out var type))
        {
            return keywords.ContainsKey("const") || keywords.ContainsKey("enum") ? AllTypes
                : ObjectKeywords.Any(keywords.ContainsKey) ? ["object"]
                : ArrayKeywords.Any(keywords.ContainsKey) ? ["array"]
                : StringKeywords.Any(keywords.ContainsKey) ? ["string"]
                : AllTypes;
        }

        IEnumerable<SchemaNode> nodes = type.Is(JsonValueKind.Array) && type.Value.GetArrayLength() > 0 ? type.Items() : [type];
        return [.. nodes.Select(TypeName).Distinct(StringComparer.Ordinal)];
    }

    private string TypeName(SchemaNode node)
    {
        var name = node.Is(JsonValueKind.String) ? node.Value.GetString()! : "";
        return name == "integer" || AllTypes.Contains(name)
            ? name
            : throw _document.Refuse(node.Place, $"{node.Value.GetRawText()} is no type; the types are {string.Join(", ", AllTypes)} and integer.");
    }

    private void AddTypes(ValueRule rule, string[] types, Dictionary<string, SchemaNode> keywords, SchemaPlace place)
    {
        foreach (var type in types.Where(type => type != "integer" || !types.Contains("number")))
        {
            switch (type)
            {
                case "string":
                    rule.Add(new FreeStringRule(Integer(keywords, "minLength", MostItems) ?? 0, Integer(keywords, "maxLength") ?? FreeStringRule.Unlimited));
                    break;
                case "number":
                    rule.Add(new NumberBounds(_document, keywords, place).Compile(hasFraction: true));
                    break;
                case "integer":
                    rule.Add(new NumberBounds(_document, keywords, place).Compile(hasFraction: false));
                    break;
                case "boolean":
                    rule.Add(LiteralRule.Boolean());
                    break;
                case "null":
                    rule.Add(LiteralRule.Null());
                    break;
                case "object":
                    rule.Add(Object(keywords, place));
                    break;
                case "array":
                    rule.Add(Array(keywords));
                    break;
            }
        }
    }

    private void AddValues(ValueRule rule, IReadOnlyList<SchemaNode> values, Dictionary<string, SchemaNode> keywords, SchemaPlace place)
    {
        if ((_values += values.Count) > MostValues)
        {
            throw _document.Refuse(place, $"the schema lists more than {MostValues} values; make it smaller.");
        }

        var types = keywords.ContainsKey("type") ? Types(keywords) : null;
        var fitting = values.Select(value => value.Value).Where(value => types is null || types.Any(type => IsOf(value, type))).ToList();
        if (fitting.Count == 0)
        {
            throw _document.Refuse(place, "none of its values is of the type that is asked for.");
        }

        if (fitting.Exists(HasInfinity))
        {
            throw _document.Refuse(place, "a number of it is beyond those that can be written; the greatest is about 1.8e308.");
        }

        var strings = fitting.Where(value => value.ValueKind == JsonValueKind.String).Select(value => value.GetString()!).ToList();
        var others = fitting.Where(value => value.ValueKind != JsonValueKind.String).Select(JsonDumps.Write).ToList();
        if (strings.Count > 0)
        {
            rule.Add(new StringChoiceRule(strings));
        }

        if (others.Count > 0)
        {
            rule.Add(new LiteralRule(others, fitting.Max(Nesting)));
        }
    }

    /// <summary>Whether a number is too great for a double: it would be written as no JSON is.</summary>
    private static bool HasInfinity(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => value.TryGetDouble(out var number) && !double.IsFinite(number) && !value.TryGetInt64(out _),
        JsonValueKind.Object => value.EnumerateObject().Any(member => HasInfinity(member.Value)),
        JsonValueKind.Array => value.EnumerateArray().Any(HasInfinity),
        _ => false,
    };

    /// <summary>JSON containers inside one another.</summary>
    private static int Nesting(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => 1 + value.EnumerateObject().Select(member => Nesting(member.Value)).Append(0).Max(),
        JsonValueKind.Array => 1 + value.EnumerateArray().Select(Nesting).Append(0).Max(),
        _ => 0,
    };

    private static bool IsOf(JsonElement value, string type) => value.ValueKind switch
    {
        JsonValueKind.String => type == "string",
        JsonValueKind.Number => type == "number" || (type == "integer" && value.TryGetDecimal(out var number) && number == decimal.Truncate(number)),
        JsonValueKind.True or JsonValueKind.False => type == "boolean",
        JsonValueKind.Null => type == "null",
        JsonValueKind.Object => type == "object",
        _ => type == "array",
    };

    private ObjectRule Object(Dictionary<string, SchemaNode> keywords, SchemaPlace place)
    {
        var declared = Declared(keywords);
        var required = Required(keywords);
        _document.Count(place, declared.Count + required.Count);
        var names = declared.Select(member => member.Name).ToHashSet(StringComparer.Ordinal);
        var additional = Additional(keywords, declared.Count > 0);
        var refused = keywords.TryGetValue("additionalProperties", out var node) && node.Is(JsonValueKind.False);
        var properties = declared.Select(member => new Property(member.Name, CompileNode(member.Node), required.Contains(member.Name))).ToList();
        foreach (var name in required.Where(name => !names.Contains(name)))
        {
            properties.Add(!refused
                ? new Property(name, additional ?? Any(), IsRequired: true)
                : throw _document.Refuse(place, $"'{name}' is required, but not among the properties, and others are not allowed."));
        }

        return new ObjectRule(properties, additional);
    }

    private List<(string Name, SchemaNode Node)> Declared(Dictionary<string, SchemaNode> keywords)
    {
        if (!keywords.TryGetValue("properties", out var properties))
        {
            return [];
        }

        return properties.Is(JsonValueKind.Object)
            ? [.. properties.Members().GroupBy(member => member.Name).Select(group => group.Last())]
            : throw _document.Refuse(properties.Place, "expected an object of schemas.");
    }

    private HashSet<string> Required(Dictionary<string, SchemaNode> keywords)
    {
        if (!keywords.TryGetValue("required", out var required))
        {
            return [];
        }

        // Draft 3 has a boolean here, which says something about the object around this one; it is still sent.
        if (required.Value.ValueKind is JsonValueKind.True or JsonValueKind.False && !_document.IsStrict)
        {
            return [];
        }

        return required.Is(JsonValueKind.Array) && required.Items().All(name => name.Is(JsonValueKind.String))
            ? [.. required.Items().Select(name => name.Value.GetString()!)]
            : throw _document.Refuse(required.Place, "expected an array of property names.");
    }

    /// <summary>Properties that are not named are for schemas that ask for them, or that name none.</summary>
    private ValueRule? Additional(Dictionary<string, SchemaNode> keywords, bool namesSome)
    {
        if (!keywords.TryGetValue("additionalProperties", out var additional))
        {
            return namesSome ? null : Any();
        }

        return additional.Is(JsonValueKind.False) ? null : CompileNode(additional);
    }

    private ArrayRule Array(Dictionary<string, SchemaNode> keywords)
    {
        IReadOnlyList<SchemaNode> first = keywords.TryGetValue("prefixItems", out var prefix) ? _document.Alternatives(prefix) : [];
        ValueRule? items = null;
        if (!keywords.TryGetValue("items", out var node))
        {
            items = Any();
        }
        else if (node.Is(JsonValueKind.Array) && first.Count == 0)
        {
            first = [.. node.Items()]; // tuples of older drafts
            items = Any();
        }
        else if (!node.Is(JsonValueKind.False))
        {
            items = CompileNode(node);
        }

        var least = Integer(keywords, "minItems", MostItems) ?? 0;
        var most = Integer(keywords, "maxItems") ?? int.MaxValue;
        return new ArrayRule([.. first.Select(CompileNode)], items, least, most);
    }

    /// <summary>A count; beyond <paramref name="most"/> it would make replies that nobody can want.</summary>
    private int? Integer(Dictionary<string, SchemaNode> keywords, string name, int most = int.MaxValue)
    {
        if (!keywords.TryGetValue(name, out var node))
        {
            return null;
        }

        if (!node.Is(JsonValueKind.Number) || !node.Value.TryGetDouble(out var number) || number < 0 || number != Math.Truncate(number))
        {
            throw _document.Refuse(node.Place, "expected a whole number of at least 0.");
        }

        return number <= most
            ? (int)number
            : most == int.MaxValue ? int.MaxValue : throw _document.Refuse(node.Place, $"at most {most} can be asked for.");
    }
}

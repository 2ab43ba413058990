using System.Text.Json.Nodes;

namespace Ds4Provider.Engine.Specs.Constraints;

/// <summary>Schemas as tools have them, of all keywords that the mask enforces, each with values that satisfy it.</summary>
internal sealed class RandomSchema(Random random, bool strict)
{
    private static readonly string[] Names = ["a", "ab", "abc", "path", "oldText", "é", "😀", "x y", "n/m~", "a.b", "</", "$ref", "type"];

    private static readonly string[] Values =
        ["\"\"", "\"a\"", "\"ab\"", "\"é😀\"", "\"a\\\"b\\\\c\\nd\"", "\"</x>\"", "\"\\u0001\"", "0", "-1", "1.5", "1e3", "true", "false", "null", "[]", "[1,\"a\"]", "{}", "{\"k\":[null,\"\\u00e9\"]}"];

    private readonly JsonObject _definitions = [];
    private int _parts;

    /// <summary>A schema of arguments or of a response.</summary>
    public JsonObject Next()
    {
        var root = Object(0);
        if (_definitions.Count > 0)
        {
            root["$defs"] = _definitions;
        }

        return root;
    }

    private JsonNode Schema(int depth)
    {
        if (++_parts > 30 || depth > 4)
        {
            return Leaf();
        }

        return random.Next(12) switch
        {
            0 or 1 => Object(depth),
            2 or 3 => Array(depth),
            4 => new JsonObject { ["anyOf"] = List(1 + random.Next(4), () => Schema(depth + 1)) },
            5 when !strict => OneOf(depth),
            6 => AllOf(depth),
            7 => Reference(depth),
            _ => Leaf(),
        };
    }

    private JsonNode Leaf() => random.Next(12) switch
    {
        0 => JsonNode.Parse("""{"type":"string"}""")!,
        1 or 2 => Lengths(),
        3 or 4 => Whole(),
        5 => Number(),
        6 => new JsonObject { ["enum"] = List(1 + random.Next(6), () => JsonNode.Parse(Values[random.Next(Values.Length)])!) },
        7 => new JsonObject { ["const"] = JsonNode.Parse(Values[random.Next(Values.Length)]) },
        8 => JsonNode.Parse("""{"type":"boolean"}""")!,
        9 => JsonNode.Parse("""{"type":["string","integer","null"],"minLength":1,"maximum":9}""")!,
        10 => JsonNode.Parse("""{"type":"number"}""")!,
        _ => random.Next(3) == 0 ? JsonValue.Create(true) : JsonNode.Parse("{}")!,
    };

    private JsonObject Lengths()
    {
        var least = random.Next(4);
        var schema = new JsonObject { ["type"] = "string", ["maxLength"] = least + random.Next(12) };
        if (random.Next(2) == 0)
        {
            schema["minLength"] = least;
        }

        return schema;
    }

    private JsonObject Whole()
    {
        var schema = new JsonObject { ["type"] = "integer" };
        long least = random.Next(3) == 0 ? random.NextInt64(-10_000_000_000, 10_000_000_000) : random.Next(-120, 120);
        if (random.Next(4) > 0)
        {
            schema[random.Next(2) == 0 ? "minimum" : "exclusiveMinimum"] = least;
        }

        if (random.Next(4) > 0)
        {
            schema[random.Next(2) == 0 ? "maximum" : "exclusiveMaximum"] = least + 2 + random.Next(3000);
        }

        return schema;
    }

    private JsonObject Number()
    {
        var least = random.Next(-5, 5) + (random.Next(2) * 0.5);
        return new JsonObject { ["type"] = "number", [random.Next(2) == 0 ? "minimum" : "exclusiveMinimum"] = least, ["maximum"] = least + 1.5 + random.Next(100) };
    }

    private JsonObject Object(int depth)
    {
        var properties = new JsonObject();
        var required = new JsonArray();
        for (var count = random.Next(5); count > 0; count--)
        {
            var name = Names[random.Next(Names.Length)];
            if (!properties.ContainsKey(name))
            {
                properties[name] = Schema(depth + 1);
                if (random.Next(2) == 0)
                {
                    required.Add(name);
                }
            }
        }

        var schema = new JsonObject { ["type"] = "object", ["properties"] = properties, ["required"] = required };
        switch (random.Next(4))
        {
            case 0:
                schema["additionalProperties"] = Schema(depth + 1);
                break;
            case 1 or 2:
                schema["additionalProperties"] = false;
                break;
        }

        return schema;
    }

    private JsonObject Array(int depth)
    {
        var schema = new JsonObject { ["type"] = "array", ["items"] = Schema(depth + 1) };
        var first = 0;
        if (random.Next(4) == 0)
        {
            var tuple = List(1 + random.Next(3), () => Schema(depth + 1));
            first = tuple.Count;
            schema["prefixItems"] = tuple;
            if (random.Next(2) == 0)
            {
                schema["items"] = false;
            }
        }

        var least = random.Next(3);
        if (schema["items"]!.GetValueKind() != System.Text.Json.JsonValueKind.False || least <= first)
        {
            schema["minItems"] = least;
        }

        if (random.Next(2) == 0)
        {
            schema["maxItems"] = least + random.Next(4);
        }

        return schema;
    }

    /// <summary>Alternatives of which a value says in its first member which it is.</summary>
    private JsonObject OneOf(int depth)
    {
        var kind = 0;
        return new JsonObject
        {
            ["oneOf"] = List(1 + random.Next(3), () => new JsonObject
            {
                ["type"] = "object",
                ["properties"] = new JsonObject { ["kind"] = new JsonObject { ["const"] = "k" + kind++ }, ["v"] = Schema(depth + 1) },
                ["required"] = new JsonArray("kind", "v"),
                ["additionalProperties"] = false,
            }),
        };
    }

    private JsonObject AllOf(int depth)
    {
        var part = 0;
        return new JsonObject
        {
            ["allOf"] = List(1 + random.Next(3), () => new JsonObject
            {
                ["type"] = "object",
                ["properties"] = new JsonObject { ["p" + part] = Schema(depth + 1) },
                ["required"] = new JsonArray("p" + part++),
            }),
        };
    }

    private JsonObject Reference(int depth)
    {
        if (_definitions.Count == 0 || random.Next(2) == 0)
        {
            var name = "d" + _definitions.Count;
            _definitions[name] = null; // taken, so that the parts may refer to it
            _definitions[name] = new JsonObject
            {
                ["type"] = "object",
                ["properties"] = new JsonObject { ["v"] = Schema(depth + 1), ["next"] = new JsonObject { ["anyOf"] = new JsonArray(JsonNode.Parse("""{"type":"null"}"""), new JsonObject { ["$ref"] = $"#/$defs/{name}" }) } },
                ["required"] = new JsonArray("v", "next"),
                ["additionalProperties"] = false,
            };
            return new JsonObject { ["$ref"] = $"#/$defs/{name}" };
        }

        // An array of them may be empty, so a definition may refer to itself without going on for ever.
        return new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["$ref"] = $"#/$defs/d{random.Next(_definitions.Count)}" } };
    }

    private static JsonArray List(int count, Func<JsonNode> make) => new([.. Enumerable.Range(0, count).Select(_ => make())]);
}

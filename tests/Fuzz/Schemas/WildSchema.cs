using System.Text.Json.Nodes;

namespace Fuzz.Schemas;

/// <summary>
/// Schemas that no tool should have: references in circles and in great numbers, long lists and names, bounds that
/// contradict each other, keywords with values of the wrong type, all of it nested.
/// </summary>
internal static class WildSchema
{
    private static readonly string[] Types = ["string", "number", "integer", "boolean", "null", "object", "array", "thing", ""];

    private static readonly string[] Odd =
        ["null", "true", "false", "-1", "0", "0.5", "1e400", "-1e400", "3", "4096", "4097", "99999999999999999999", "\"\"", "\"x\"", "[]", "{}", "[{}]", "[true,false]", "[\"a\"]", "{\"a\":{}}", "123456789012345678"];

    private static readonly string[] Keywords =
    [
        "type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref", "properties", "required", "additionalProperties", "items", "prefixItems", "minItems", "maxItems", "minLength", "maxLength",
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "pattern", "format", "not", "$defs", "description", "if", "patternProperties", "uniqueItems", "multipleOf", "dependentRequired",
    ];

    public static JsonNode Next(Random random)
    {
        if (random.Once(4))
            return Large(random);
        int definitions = random.Few(12);
        var root = Object(random, 0, definitions);
        if (definitions > 0)
        {
            var defs = new JsonObject();
            for (int i = 0; i < definitions; i++)
                defs["d" + i] = Schema(random, 1, definitions);
            root["$defs"] = defs;
        }
        return root;
    }

    private static JsonNode Schema(Random random, int depth, int definitions)
    {
        if (depth > 5 || random.Once(4))
        {
            return random.Next(6) switch
            {
                0 => JsonValue.Create(random.Once(2)),
                1 or 2 when definitions > 0 => new JsonObject { ["$ref"] = "#/$defs/d" + random.Next(definitions) },
                3 => new JsonObject { ["$ref"] = random.Of(["#", "#/", "#/properties/a", "#/$defs", "#/$defs/none", "http://example.com/x", "#/$defs/d0/anyOf/0", "#/%zz"]) },
                _ => Object(random, 5, definitions),
            };
        }
        return Object(random, depth, definitions);
    }

    private static JsonObject Object(Random random, int depth, int definitions)
    {
        var schema = new JsonObject();
        if (!random.Once(4))
            schema["type"] = random.Of(Types[..7]);
        for (int keywords = random.Few(6); keywords > 0; keywords--)
        {
            string keyword = random.Of(Keywords);
            schema[keyword] = random.Once(8) ? JsonNode.Parse(random.Of(Odd)) : Value(random, keyword, depth + 1, definitions);
        }
        return schema;
    }

    private static JsonNode? Value(Random random, string keyword, int depth, int definitions)
    {
        switch (keyword)
        {
            case "type":
                return random.Once(3) ? new JsonArray([.. Few(random, 4, () => JsonValue.Create(random.Of(Types[..7])))]) : JsonValue.Create(random.Of(Types));
            case "enum":
                return new JsonArray([.. Few(random, 40, () => JsonNode.Parse(random.Of(Odd)))]);
            case "anyOf" or "oneOf" or "allOf" or "prefixItems":
                return new JsonArray([.. Few(random, 5, () => Schema(random, depth, definitions))]);
            case "properties" or "$defs" or "patternProperties":
                var members = new JsonObject();
                foreach (JsonNode? member in Few(random, 6, () => Schema(random, depth, definitions)))
                    members[random.Of(["a", "b", "c", "path", "é", "\"", "x\ny", "", new string('n', random.Next(300))])] = member;
                return members;
            case "required":
                return new JsonArray([.. Few(random, 5, () => JsonValue.Create(random.Of(["a", "b", "c", "zz", ""])))]);
            case "additionalProperties" or "items" or "not" or "if":
                return Schema(random, depth, definitions);
            case "$ref":
                return JsonValue.Create(definitions > 0 && !random.Once(4) ? "#/$defs/d" + random.Next(definitions) : "#");
            case "minItems" or "maxItems" or "minLength" or "maxLength":
                return JsonValue.Create(random.Few(5000));
            case "minimum" or "maximum" or "exclusiveMinimum" or "exclusiveMaximum":
                return JsonValue.Create(random.Once(3) ? random.NextDouble() * 10 - 5 : random.Next(-100, 100));
            default:
                return JsonNode.Parse(random.Of(Odd));
        }
    }

    /// <summary>One thing, but very much of it.</summary>
    private static JsonObject Large(Random random)
    {
        int many = random.Once(50) ? random.Next(30_000) : random.Next(60);
        switch (random.Next(12))
        {
            case 0: // values
                return Property(new JsonObject { ["enum"] = Array(many, i => JsonValue.Create($"value {i * 7919 % 104729}")) });
            case 1: // one long value
                return Property(new JsonObject { ["enum"] = new JsonArray(new string('x', many * 20), "y") });
            case 2: // a chain of references
                return new JsonObject { ["$ref"] = "#/$defs/d0", ["$defs"] = Definitions(many, i => Reference(i + 1)) };
            case 3: // two ways at each step
                return new JsonObject { ["$ref"] = "#/$defs/d0", ["$defs"] = Definitions(Math.Min(many, 300), i => new JsonObject { [random.Of(["anyOf", "oneOf", "allOf"])] = new JsonArray(Reference(i + 1), Reference(i + 1)) }) };
            case 4: // the same, with limits beside it
                return new JsonObject
                {
                    ["$ref"] = "#/$defs/d0",
                    ["$defs"] = Definitions(Math.Min(many, 300), i => new JsonObject { ["minLength"] = i, ["anyOf"] = new JsonArray(Reference(i + 1), Reference(random.Once(9) ? 0 : i + 1)) }),
                };
            case 5: // containers around containers
                JsonNode inner = new JsonObject { ["type"] = "string" };
                for (int i = 0; i < Math.Min(many, 60); i++)
                    inner = random.Once(2) ? new JsonObject { ["type"] = "array", ["items"] = inner, ["minItems"] = random.Few(4096) } : Property(inner);
                return Property(inner);
            case 6: // properties
                var properties = new JsonObject();
                for (int i = 0; i < many; i++)
                    properties["property" + i] = random.Once(2) ? new JsonObject() : JsonValue.Create(true);
                return new JsonObject { ["type"] = "object", ["properties"] = properties, ["required"] = Array(many, i => JsonValue.Create("property" + (i * (random.Once(2) ? 1 : 2)))) };
            case 7: // alternatives
                return Property(new JsonObject { ["anyOf"] = Array(many, i => new JsonObject { ["type"] = random.Of(Types[..7]), ["minLength"] = i }) });
            case 8: // parts that all hold
                return new JsonObject { ["allOf"] = Array(many, i => Property(new JsonObject { ["type"] = "integer", ["minimum"] = i }, "p" + (i % 70))) };
            case 9: // a long name around many parts
                return Property(new JsonObject { ["type"] = "object", ["properties"] = Members(many, _ => new JsonObject { ["type"] = "null" }) }, new string('n', many * 10));
            case 10: // tuples
                return Property(new JsonObject { ["prefixItems"] = Array(many, _ => new JsonObject { ["type"] = "integer" }), ["minItems"] = many });
            default: // required names that nothing declares
                return new JsonObject { ["required"] = Array(many, i => JsonValue.Create("r" + i)) };
        }
    }

    private static JsonObject Property(JsonNode schema, string name = "a") =>
        new() { ["type"] = "object", ["properties"] = new JsonObject { [name] = schema }, ["required"] = new JsonArray(name) };

    private static JsonObject Reference(int definition) => new() { ["$ref"] = "#/$defs/d" + definition };

    private static JsonObject Definitions(int count, Func<int, JsonNode> make)
    {
        JsonObject definitions = Members(count, make);
        definitions["d" + count] = new JsonObject { ["type"] = "object" };
        return definitions;
    }

    private static JsonObject Members(int count, Func<int, JsonNode> make)
    {
        var members = new JsonObject();
        for (int i = 0; i < count; i++)
            members["d" + i] = make(i);
        return members;
    }

    private static JsonArray Array(int count, Func<int, JsonNode> make) => new([.. Enumerable.Range(0, count).Select(make)]);

    private static List<JsonNode?> Few(Random random, int most, Func<JsonNode?> make) =>
        Enumerable.Range(0, random.Few(most)).Select(_ => make()).ToList();
}

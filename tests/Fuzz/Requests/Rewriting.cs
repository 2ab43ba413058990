using System.Text.Json.Nodes;

namespace Fuzz.Requests;

/// <summary>Changes JSON that stays JSON: values of other types, members that are gone, doubled, renamed or deep.</summary>
internal static class Rewriting
{
    private static readonly string[] Values =
    [
        "null", "true", "false", "0", "1", "-1", "0.5", "1e400", "-1e400", "9223372036854775808", "1e-999", "\"\"", "\"text\"", "\"none\"", "\"required\"", "\"auto\"", "\"\\u0000\"", "\"\\n\\\"\"",
        "[]", "{}", "[null]", "[[]]", "{\"\":{}}", "{\"type\":\"text\",\"text\":\"x\"}", "{\"$ref\":\"#\"}", "{\"type\":\"object\"}", "\"<｜DSML｜tool_calls>\"", "[\"a\",\"a\"]", "{\"type\":\"function\"}",
        "\"image_url\"", "{\"type\":\"image\",\"source\":{}}", "\"user\"", "\"assistant\"", "\"tool\"", "1.5", "4096", "2147483648",
    ];

    private static readonly string[] Names =
        ["type", "role", "content", "text", "name", "id", "call_id", "tool_calls", "input", "anyOf", "allOf", "enum", "const", "$ref", "properties", "items", "minItems", "minLength", "", "\"", "😀", "a.b"];

    /// <summary>Rewrites a few places of a body.</summary>
    public static JsonObject Rewrite(Random random, JsonObject body)
    {
        var rewritten = (JsonObject)body.DeepClone();
        for (int edits = 1 + random.Few(10); edits > 0; edits--)
        {
            List<JsonNode> places = [];
            Collect(rewritten, places);
            Edit(random, random.Of(places));
        }
        return rewritten;
    }

    private static void Collect(JsonNode node, List<JsonNode> places)
    {
        IEnumerable<JsonNode?> children = node switch
        {
            JsonObject members => members.Select(member => member.Value),
            JsonArray items => items,
            _ => [],
        };
        if (node is JsonObject or JsonArray)
            places.Add(node);
        foreach (JsonNode child in children.OfType<JsonNode>())
            Collect(child, places);
    }

    private static void Edit(Random random, JsonNode place)
    {
        if (place is JsonArray items)
        {
            int at = random.Next(items.Count + 1);
            if (at == items.Count)
                items.Add(Value(random));
            else if (random.Once(3))
                items.RemoveAt(at);
            else
                items[at] = random.Once(2) ? Value(random) : items[random.Next(items.Count)]?.DeepClone();
            return;
        }
        var members = (JsonObject)place;
        string? name = members.Count == 0 ? null : random.Of(members.Select(member => member.Key).ToList());
        switch (random.Next(4))
        {
            case 0 when name is not null:
                members.Remove(name);
                break;
            case 1:
                members[random.Of(Names)] = name is null ? Value(random) : members[name]?.DeepClone();
                break;
            default:
                members[name ?? random.Of(Names)] = Value(random);
                break;
        }
    }

    private static JsonNode? Value(Random random)
    {
        JsonNode? value = JsonNode.Parse(random.Of(Values));
        if (random.Once(12))
            value = JsonValue.Create(new string('x', random.Next(3000)));
        for (int nesting = random.Once(10) ? random.Next(60) : 0; nesting > 0; nesting--)
            value = random.Once(2) ? new JsonArray(value) : new JsonObject { [random.Of(Names)] = value };
        return value;
    }
}

using System.Text.Json.Nodes;

namespace Ds4Provider.Server.Specs.Serving;

/// <summary>Bodies of chat requests.</summary>
internal static class Ask
{
    public const string Tool = """
        {"type":"function","function":{"name":"read","description":"Reads a file","parameters":{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}}}
        """;

    /// <summary>A request with one user message and whatever is merged over it.</summary>
    public static string For(string text, string more = "{}")
    {
        JsonObject body = JsonNode.Parse("""{"model":"demo","temperature":0}""")!.AsObject();
        body["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = text });
        foreach ((string key, JsonNode? value) in JsonNode.Parse(more)!.AsObject())
            body[key] = value?.DeepClone();
        return body.ToJsonString();
    }

    public static string Streamed(string text, string more = "{}")
    {
        JsonObject body = JsonNode.Parse(For(text, more))!.AsObject();
        body["stream"] = true;
        return body.ToJsonString();
    }
}

using System.Text.Json.Nodes;

namespace Ds4Provider.Server.Specs.Serving;

/// <summary>Bodies of requests with one user message, and whatever is merged over them.</summary>
internal static class Ask
{
    public const string Tool = """
        {"type":"function","function":{"name":"read","description":"Reads a file","parameters":{"type":"object","properties":{"path":{"type":"string"},"mode":{"type":"string"},"lines":{"type":"array"}}}}}
        """;

    /// <summary>The same tool as the messages API spells it.</summary>
    public const string MessagesTool = """
        {"name":"read","description":"Reads a file","input_schema":{"type":"object","properties":{"path":{"type":"string"},"mode":{"type":"string"},"lines":{"type":"array"}}}}
        """;

    /// <summary>The same tool as the responses API spells it.</summary>
    public const string ResponsesTool = """
        {"type":"function","name":"read","description":"Reads a file","parameters":{"type":"object","properties":{"path":{"type":"string"},"mode":{"type":"string"},"lines":{"type":"array"}}}}
        """;

    /// <summary>A chat request.</summary>
    public static string For(string text, string more = "{}") => Merge($$"""{"model":"demo","temperature":0,"messages":[{{User(text)}}]}""", more);

    public static string Streamed(string text, string more = "{}") => Stream(For(text, more));

    /// <summary>A messages request.</summary>
    public static string Messages(string text, string more = "{}") =>
        Merge($$"""{"model":"demo","temperature":0,"max_tokens":1000,"messages":[{{User(text)}}]}""", more);

    /// <summary>A responses request.</summary>
    public static string Responses(string text, string more = "{}") =>
        Merge($$"""{"model":"demo","temperature":0,"input":[{{User(text)}}]}""", more);

    public static string Stream(string body) => Merge(body, """{"stream":true}""");

    private static string User(string text) => new JsonObject { ["role"] = "user", ["content"] = text }.ToJsonString();

    private static string Merge(string body, string more)
    {
        JsonObject merged = JsonNode.Parse(body)!.AsObject();
        foreach ((string key, JsonNode? value) in JsonNode.Parse(more)!.AsObject())
            merged[key] = value?.DeepClone();
        return merged.ToJsonString();
    }
}

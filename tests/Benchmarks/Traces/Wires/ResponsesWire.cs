using System.Text.Json.Nodes;

namespace Benchmarks.Traces.Wires;

/// <summary>The responses API: the parts of a turn are items of their own.</summary>
internal sealed class ResponsesWire : IWire
{
    public string Path => "/v1/responses";

    public JsonObject Write(TraceRequest request)
    {
        var input = new JsonArray();
        foreach (string system in request.System)
            input.Add(Message("system", "input_text", system));
        foreach (JsonObject item in request.History.SelectMany(turn => Items(turn, request.KeepsReasoning)))
            input.Add(item);
        var body = new JsonObject
        {
            ["model"] = "demo",
            ["input"] = input,
            ["store"] = false,
            ["prompt_cache_key"] = request.Session,
            ["reasoning"] = new JsonObject { ["summary"] = "auto" },
            ["include"] = new JsonArray("reasoning.encrypted_content"),
        };
        if (request.Tools.Count > 0)
        {
            body["tools"] = new JsonArray([.. request.Tools.Select(tool => new JsonObject
            {
                ["type"] = "function", ["name"] = tool.Name, ["description"] = tool.Description, ["parameters"] = ToolSchema.Parameters(),
            })]);
        }
        return body;
    }

    public Answer Read(JsonNode body)
    {
        string? reasoning = null;
        string text = "";
        var calls = new List<ToolCall>();
        foreach (JsonNode? item in body["output"]!.AsArray())
        {
            switch (item!["type"]!.GetValue<string>())
            {
                case "reasoning":
                    reasoning += Join(item["summary"]);
                    break;
                case "message":
                    text += Join(item["content"]);
                    break;
                case "function_call":
                    calls.Add(new ToolCall(
                        item["call_id"]!.GetValue<string>(), item["name"]!.GetValue<string>(), item["arguments"]!.GetValue<string>()));
                    break;
            }
        }
        JsonNode usage = body["usage"]!;
        return new Answer(
            new AssistantTurn(reasoning, text, calls), usage["input_tokens"]!.GetValue<int>(),
            usage["input_tokens_details"]!["cached_tokens"]!.GetValue<int>());
    }

    private static IEnumerable<JsonObject> Items(Turn turn, bool keepsReasoning) => turn switch
    {
        UserTurn user => [Message("user", "input_text", user.Text)],
        DeveloperTurn developer => [Message("developer", "input_text", developer.Text)],
        ToolTurn tool => [new() { ["type"] = "function_call_output", ["call_id"] = tool.CallId, ["output"] = tool.Text }],
        AssistantTurn assistant => Items(assistant, keepsReasoning),
        _ => throw new ArgumentException($"Unknown turn {turn.GetType().Name}.", nameof(turn)),
    };

    private static IEnumerable<JsonObject> Items(AssistantTurn turn, bool keepsReasoning)
    {
        if (keepsReasoning && turn.Reasoning is { } reasoning)
        {
            yield return new JsonObject
            {
                ["type"] = "reasoning",
                ["summary"] = new JsonArray(new JsonObject { ["type"] = "summary_text", ["text"] = reasoning }),
                ["encrypted_content"] = null,
            };
        }
        if (turn.Text.Length > 0)
            yield return Message("assistant", "output_text", turn.Text);
        foreach (ToolCall call in turn.Calls)
        {
            yield return new JsonObject
            {
                ["type"] = "function_call", ["call_id"] = call.Id, ["name"] = call.Name, ["arguments"] = call.Arguments, ["status"] = "completed",
            };
        }
    }

    private static JsonObject Message(string role, string type, string text) => new()
    {
        ["type"] = "message", ["role"] = role, ["content"] = new JsonArray(new JsonObject { ["type"] = type, ["text"] = text }),
    };

    private static string Join(JsonNode? parts) =>
        string.Join("\n", parts?.AsArray().Select(part => part!["text"]!.GetValue<string>()) ?? []);
}

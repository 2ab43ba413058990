using System.Text.Json.Nodes;

namespace Benchmarks.Traces.Wires;

/// <summary>The messages API: the system text in blocks, results of tools in messages of the user.</summary>
internal sealed class MessagesWire : IWire
{
    public string Path => "/v1/messages?beta=true";

    public JsonObject Write(TraceRequest request)
    {
        var body = new JsonObject
        {
            ["model"] = "demo",
            ["system"] = new JsonArray([.. request.System.Select(Text)]),
            ["messages"] = Messages(request),
            ["max_tokens"] = request.MaximumTokens,
            ["thinking"] = new JsonObject { ["type"] = "enabled", ["budget_tokens"] = 16384 },
        };
        // The mark of the cache moves to the last message with every turn.
        body["messages"]!.AsArray()[^1]!["content"]!.AsArray()[^1]!["cache_control"] = new JsonObject { ["type"] = "ephemeral" };
        if (request.Tools.Count > 0)
        {
            body["tools"] = new JsonArray([.. request.Tools.Select(tool => new JsonObject
            {
                ["name"] = tool.Name, ["description"] = tool.Description, ["input_schema"] = ToolSchema.Parameters(),
            })]);
        }
        if (request.Stop is { } stop)
            body["stop_sequences"] = new JsonArray(stop);
        return body;
    }

    public Answer Read(JsonNode body)
    {
        string? reasoning = null;
        string text = "";
        var calls = new List<ToolCall>();
        foreach (JsonNode? block in body["content"]!.AsArray())
        {
            switch (block!["type"]!.GetValue<string>())
            {
                case "thinking":
                    reasoning += block["thinking"]!.GetValue<string>();
                    break;
                case "text":
                    text += block["text"]!.GetValue<string>();
                    break;
                case "tool_use":
                    calls.Add(new ToolCall(block["id"]!.GetValue<string>(), block["name"]!.GetValue<string>(), block["input"]!.ToJsonString()));
                    break;
            }
        }
        JsonNode usage = body["usage"]!;
        int cached = usage["cache_read_input_tokens"]!.GetValue<int>();
        return new Answer(new AssistantTurn(reasoning, text, calls), usage["input_tokens"]!.GetValue<int>() + cached, cached);
    }

    /// <summary>Results that follow each other are one message.</summary>
    private static JsonArray Messages(TraceRequest request)
    {
        var messages = new JsonArray();
        for (int i = 0; i < request.History.Count; i++)
        {
            switch (request.History[i])
            {
                case UserTurn user:
                    messages.Add(Message("user", [Text(user.Text)]));
                    break;
                case DeveloperTurn developer:
                    messages.Add(Message("system", [Text(developer.Text)]));
                    break;
                case AssistantTurn assistant:
                    messages.Add(Message("assistant", [.. Blocks(assistant, request.KeepsReasoning)]));
                    break;
                case ToolTurn:
                    ToolTurn[] results = [.. request.History.Skip(i).TakeWhile(turn => turn is ToolTurn).Cast<ToolTurn>()];
                    messages.Add(Message("user", [.. results.Select(Result)]));
                    i += results.Length - 1;
                    break;
            }
        }
        return messages;
    }

    private static IEnumerable<JsonObject> Blocks(AssistantTurn turn, bool keepsReasoning)
    {
        if (keepsReasoning && turn.Reasoning is { } reasoning)
            yield return new JsonObject { ["type"] = "thinking", ["thinking"] = reasoning, ["signature"] = "" };
        if (turn.Text.Length > 0)
            yield return Text(turn.Text);
        foreach (ToolCall call in turn.Calls)
        {
            yield return new JsonObject
            {
                ["type"] = "tool_use", ["id"] = call.Id, ["name"] = call.Name, ["input"] = JsonNode.Parse(call.Arguments),
            };
        }
    }

    private static JsonObject Message(string role, JsonNode[] content) => new() { ["role"] = role, ["content"] = new JsonArray(content) };

    private static JsonObject Text(string text) => new() { ["type"] = "text", ["text"] = text };

    private static JsonObject Result(ToolTurn result) => new()
    {
        ["type"] = "tool_result", ["tool_use_id"] = result.CallId, ["content"] = result.Text, ["is_error"] = false,
    };
}

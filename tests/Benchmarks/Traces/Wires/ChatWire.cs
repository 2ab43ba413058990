using System.Text.Json.Nodes;

namespace Benchmarks.Traces.Wires;

/// <summary>The chat completions API.</summary>
internal sealed class ChatWire : IWire
{
    public string Path => "/v1/chat/completions";

    public JsonObject Write(TraceRequest request)
    {
        var messages = new JsonArray { new JsonObject { ["role"] = "system", ["content"] = string.Join("\n\n", request.System) } };
        foreach (Turn turn in request.History)
            messages.Add(Write(turn, request.KeepsReasoning));
        var body = new JsonObject { ["model"] = "demo", ["messages"] = messages, ["max_tokens"] = request.MaximumTokens };
        if (request.Tools.Count > 0)
            body["tools"] = new JsonArray([.. request.Tools.Select(Write)]);
        if (request.Stop is { } stop)
            body["stop"] = new JsonArray(stop);
        return body;
    }

    public Answer Read(JsonNode body)
    {
        JsonNode message = body["choices"]![0]!["message"]!;
        JsonNode usage = body["usage"]!;
        return new Answer(
            new AssistantTurn(
                message["reasoning_content"]?.GetValue<string>(), message["content"]?.GetValue<string>() ?? "",
                [.. message["tool_calls"]?.AsArray().Select(call => Call(call!)) ?? []]),
            usage["prompt_tokens"]!.GetValue<int>(), usage["prompt_tokens_details"]!["cached_tokens"]!.GetValue<int>());
    }

    private static JsonObject Write(ToolSchema tool) => new()
    {
        ["type"] = "function",
        ["function"] = new JsonObject { ["name"] = tool.Name, ["description"] = tool.Description, ["parameters"] = ToolSchema.Parameters() },
    };

    private static JsonObject Write(Turn turn, bool keepsReasoning) => turn switch
    {
        UserTurn user => new() { ["role"] = "user", ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = user.Text }) },
        DeveloperTurn developer => new() { ["role"] = "developer", ["content"] = developer.Text },
        ToolTurn tool => new() { ["role"] = "tool", ["content"] = tool.Text, ["tool_call_id"] = tool.CallId },
        AssistantTurn assistant => Write(assistant, keepsReasoning),
        _ => throw new ArgumentException($"Unknown turn {turn.GetType().Name}.", nameof(turn)),
    };

    private static JsonObject Write(AssistantTurn turn, bool keepsReasoning)
    {
        var message = new JsonObject { ["role"] = "assistant", ["content"] = turn.Text };
        if (keepsReasoning && turn.Reasoning is { } reasoning)
            message["reasoning_content"] = reasoning;
        if (turn.Calls.Count > 0)
        {
            message["tool_calls"] = new JsonArray([.. turn.Calls.Select(call => new JsonObject
            {
                ["id"] = call.Id,
                ["type"] = "function",
                ["function"] = new JsonObject { ["name"] = call.Name, ["arguments"] = call.Arguments },
            })]);
        }
        return message;
    }

    private static ToolCall Call(JsonNode call) => new(
        call["id"]!.GetValue<string>(), call["function"]!["name"]!.GetValue<string>(),
        JsonNode.Parse(call["function"]!["arguments"]!.GetValue<string>())!.ToJsonString());
}

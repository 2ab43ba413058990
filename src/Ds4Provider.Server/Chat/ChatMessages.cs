using System.Text.Json;
using Ds4Provider.Engine.Prompting;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Requests;

namespace Ds4Provider.Server.Chat;

/// <summary>Reads the messages of a request.</summary>
internal static class ChatMessages
{
    public static IReadOnlyList<ConversationMessage> Parse(JsonField messages)
    {
        List<ConversationMessage> parsed = [.. messages.Items().Select(ParseMessage)];
        return parsed.Count > 0 ? parsed : throw messages.Refuse("at least one message is needed.");
    }

    private static ConversationMessage ParseMessage(JsonField message)
    {
        message.Object();
        JsonField role = message["role"];
        return role.String() switch
        {
            "system" => new SystemMessage(TextParts.Parse(message["content"], TextParts.BetweenParts)),
            "developer" => new DeveloperMessage(TextParts.Parse(message["content"], TextParts.BetweenParts)),
            "user" => new UserMessage(TextParts.Parse(message["content"], TextParts.BetweenParts)),
            "assistant" => ParseAssistant(message),
            "tool" => new ToolMessage(
                message["tool_call_id"].OptionalString(), TextParts.Parse(message["content"], TextParts.BetweenParts)),
            // The predecessor of "tool" names the function, not the call.
            "function" => new ToolMessage(null, TextParts.Parse(message["content"], TextParts.BetweenParts)),
            _ => throw role.Unexpected("'system', 'developer', 'user', 'assistant' or 'tool'"),
        };
    }

    private static AssistantMessage ParseAssistant(JsonField message)
    {
        JsonField reasoning = message["reasoning_content"];
        return new AssistantMessage(TextParts.Parse(message["content"], separator: ""))
        {
            Reasoning = reasoning.IsAbsent ? null : TextParts.Parse(reasoning, separator: ""),
            Calls = ParseCalls(message),
        };
    }

    private static IReadOnlyList<AssistantCall> ParseCalls(JsonField message)
    {
        JsonField calls = message["tool_calls"];
        JsonField single = message["function_call"];
        if (!calls.IsAbsent)
            return [.. calls.Items().Select(ParseCall)];
        return single.IsAbsent ? [] : [ParseFunction(null, single)];
    }

    private static AssistantCall ParseCall(JsonField call)
    {
        call.Object();
        JsonField type = call["type"];
        if ((type.OptionalString() ?? "function") != "function")
            throw type.Refuse("only calls of the type 'function' are known.", "unsupported_parameter");
        return ParseFunction(call["id"].OptionalString(), call["function"]);
    }

    private static AssistantCall ParseFunction(string? id, JsonField function)
    {
        function.Object();
        JsonField arguments = function["arguments"];
        string json = arguments.Value.ValueKind switch
        {
            JsonValueKind.Undefined or JsonValueKind.Null => "{}",
            // Some clients send the object itself.
            JsonValueKind.Object => arguments.Value.GetRawText(),
            _ => arguments.String(),
        };
        return new AssistantCall(id, function["name"].String(), json.Length == 0 ? "{}" : json);
    }
}

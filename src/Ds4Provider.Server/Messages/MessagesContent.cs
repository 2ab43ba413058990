using System.Text.Json;
using Ds4Provider.Engine.Prompting;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Requests;

namespace Ds4Provider.Server.Messages;

/// <summary>Reads the system text and the messages of a messages request.</summary>
internal static class MessagesContent
{
    /// <summary>Lines of Claude Code that change with every request and are meant for Anthropic's servers alone.</summary>
    private const string BookkeepingPrefix = "x-anthropic-";

    public static IReadOnlyList<ConversationMessage> Parse(JsonField system, JsonField messages)
    {
        var parsed = new List<ConversationMessage>();
        if (ParseSystem(system) is { Length: > 0 } text)
            parsed.Add(new SystemMessage(text));
        int first = parsed.Count;
        foreach (JsonField message in messages.Items())
            ParseMessage(message, parsed);
        if (parsed.Count == first)
            throw messages.Refuse("at least one message is needed.");
        if (parsed[^1] is AssistantMessage)
            throw messages.Refuse("the last message is the assistant's; a reply that is begun for the model cannot be continued.", "unsupported_parameter");
        return parsed;
    }

    private static string ParseSystem(JsonField system)
    {
        if (system.Value.ValueKind != JsonValueKind.Array)
            return TextParts.Parse(system, TextParts.BetweenParts);
        return string.Join(TextParts.BetweenParts, system.Items()
            .Select(TextParts.ParsePart)
            .Where(part => !part.StartsWith(BookkeepingPrefix, StringComparison.Ordinal)));
    }

    private static void ParseMessage(JsonField message, List<ConversationMessage> parsed)
    {
        message.Object();
        JsonField role = message["role"];
        JsonField content = message["content"];
        switch (role.String())
        {
            case "user":
                ParseUser(content, parsed);
                break;
            case "assistant":
                parsed.Add(ParseAssistant(content));
                break;
            case "system" or "developer":
                // Claude Code adds instructions in the middle of a conversation.
                parsed.Add(new DeveloperMessage(ParseSystem(content)));
                break;
            default:
                throw role.Unexpected("'user', 'assistant' or 'system'");
        }
    }

    /// <summary>Results of calls stand among a user's texts; each is a message of its own, in the same order.</summary>
    private static void ParseUser(JsonField content, List<ConversationMessage> parsed)
    {
        if (content.Value.ValueKind != JsonValueKind.Array)
        {
            parsed.Add(new UserMessage(content.String()));
            return;
        }
        var texts = new List<string>();
        foreach (JsonField block in content.Items())
        {
            if (TypeOf(block) == "tool_result")
            {
                AddTexts();
                parsed.Add(ParseResult(block));
            }
            else
            {
                texts.Add(TextParts.ParsePart(block));
            }
        }
        AddTexts();

        void AddTexts()
        {
            if (texts.Count > 0)
                parsed.Add(new UserMessage(string.Join(TextParts.BetweenParts, texts)));
            texts.Clear();
        }
    }

    /// <summary>The text of a result says itself whether the tool failed; <c>is_error</c> adds nothing that the format could show.</summary>
    private static ToolMessage ParseResult(JsonField block)
    {
        JsonField content = block["content"];
        _ = block["is_error"].OptionalBoolean();
        string text = content.Value.ValueKind == JsonValueKind.Array
            ? string.Join(TextParts.BetweenParts, content.Items().Select(ParseResultPart))
            : TextParts.Parse(content, TextParts.BetweenParts);
        return new ToolMessage(CallIds.FromMessages(block["tool_use_id"].String()), text);
    }

    private static string ParseResultPart(JsonField part) =>
        // The result of a search among the client's tools.
        TypeOf(part) == "tool_reference" ? part["tool_name"].String() : TextParts.ParsePart(part);

    private static AssistantMessage ParseAssistant(JsonField content)
    {
        if (content.Value.ValueKind != JsonValueKind.Array)
            return new AssistantMessage(content.String());
        string text = "";
        string? reasoning = null;
        var calls = new List<AssistantCall>();
        foreach (JsonField block in content.Items())
        {
            switch (TypeOf(block))
            {
                case "thinking":
                    reasoning += block["thinking"].OptionalString();
                    break;
                case "redacted_thinking":
                    // Encrypted by Anthropic; nobody else can read it.
                    break;
                case "tool_use":
                    calls.Add(ParseCall(block));
                    break;
                default:
                    text += TextParts.ParsePart(block);
                    break;
            }
        }
        return new AssistantMessage(text) { Reasoning = reasoning, Calls = calls };
    }

    private static AssistantCall ParseCall(JsonField block)
    {
        JsonField input = block["input"];
        return new AssistantCall(
            CallIds.FromMessages(block["id"].String()), block["name"].String(), input.IsAbsent ? "{}" : input.Object().GetRawText());
    }

    private static string? TypeOf(JsonField block) =>
        block.Value.ValueKind == JsonValueKind.Object ? block["type"].String() : null;
}

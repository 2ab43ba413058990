using System.Text;
using System.Text.Json;
using Ds4Provider.Wire.Chat;
using Microsoft.Extensions.AI;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;
using WireMessage = Ds4Provider.Wire.Chat.ChatMessage;

namespace Ds4Provider.Chat;

/// <summary>A conversation of Microsoft.Extensions.AI as messages of the chat completions API.</summary>
internal static class MessageMapping
{
    /// <summary>Translates a conversation.</summary>
    /// <exception cref="NotSupportedException">A message holds something else than text, reasoning, calls and results.</exception>
    public static IReadOnlyList<WireMessage> Map(IEnumerable<ChatMessage> messages, string? instructions)
    {
        var result = new List<WireMessage>();
        if (!string.IsNullOrEmpty(instructions))
            result.Add(new WireMessage { Role = "system", Content = ChatRequestJson.Element(instructions) });
        int index = 0;
        foreach (ChatMessage message in messages)
            new Builder(message, index++).AddTo(result);
        return result;
    }

    /// <summary>Sorts the contents of one message.</summary>
    private sealed class Builder(ChatMessage message, int index)
    {
        private readonly List<string> _texts = [];
        private readonly StringBuilder _reasoning = new();
        private readonly List<ChatToolCall> _calls = [];
        private readonly List<WireMessage> _results = [];

        public void AddTo(List<WireMessage> messages)
        {
            foreach (AIContent content in message.Contents)
                Sort(content);
            // Results come first: they answer the message before, whatever else the host put beside them.
            messages.AddRange(_results);
            bool onlyResults = _results.Count > 0 && _texts.Count == 0 && _calls.Count == 0;
            if (!onlyResults && message.Role != ChatRole.Tool)
                messages.Add(Whole());
            else if (_texts.Count > 0)
                throw new NotSupportedException($"messages[{index}] has the role 'tool' and holds text beside its results; put the text into a user message.");
        }

        private void Sort(AIContent content)
        {
            switch (content)
            {
                case TextReasoningContent reasoning:
                    _reasoning.Append(reasoning.Text);
                    break;
                case TextContent text:
                    _texts.Add(text.Text);
                    break;
                case FunctionCallContent call:
                    _calls.Add(Call(call));
                    break;
                case FunctionResultContent result:
                    _results.Add(new WireMessage
                    {
                        Role = "tool",
                        ToolCallId = result.CallId,
                        Content = ChatRequestJson.Element(ToolResultText.Of(result, index)),
                    });
                    break;
                case UsageContent:
                    break; // Accounting of an earlier reply, not part of what was said.
                default:
                    throw Unsupported(content, index);
            }
        }

        private WireMessage Whole() => new()
        {
            Role = message.Role.Value,
            Name = message.AuthorName,
            Content = Content(),
            ReasoningContent = _reasoning.Length > 0 ? _reasoning.ToString() : null,
            ToolCalls = _calls.Count > 0 ? _calls : null,
        };

        private JsonElement? Content()
        {
            // The pieces of a reply were one text; the parts of any other message are parts.
            if (message.Role == ChatRole.Assistant || _texts.Count <= 1)
                return _texts.Count == 0 && _calls.Count > 0 ? null : ChatRequestJson.Element(string.Concat(_texts));
            return ChatRequestJson.Element(writer =>
            {
                writer.WriteStartArray();
                foreach (string text in _texts)
                {
                    writer.WriteStartObject();
                    writer.WriteString("type", "text");
                    writer.WriteString("text", text);
                    writer.WriteEndObject();
                }
                writer.WriteEndArray();
            });
        }

        private static ChatToolCall Call(FunctionCallContent call) => new()
        {
            Id = call.CallId,
            Type = "function",
            Function = new ChatFunctionCall { Name = call.Name, Arguments = ToolArguments.Write(call.Arguments) },
        };
    }

    internal static NotSupportedException Unsupported(AIContent content, int index)
    {
        string kind = content switch
        {
            DataContent data => $"data of type {data.MediaType}",
            UriContent uri => $"a link to {uri.MediaType}",
            _ => content.GetType().Name,
        };
        return new NotSupportedException($"messages[{index}] holds {kind}; DeepSeek V4 reads text only.");
    }
}

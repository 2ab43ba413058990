using Ds4Provider.Engine.Replies;
using Ds4Provider.Server.Generation;
using Ds4Provider.Wire.Chat;

namespace Ds4Provider.Server.Chat;

/// <summary>Reply events as chat JSON. A whole body is what the chunks of a stream add up to.</summary>
internal static class ChatProjection
{
    /// <summary>What an event adds to the message, or null when it adds nothing.</summary>
    public static ChatDelta? Delta(ReplyEvent replyEvent) => replyEvent switch
    {
        TextDelta text => new ChatDelta { Content = text.Text },
        ReasoningDelta reasoning => new ChatDelta { ReasoningContent = reasoning.Text },
        CallStarted call => Call(new ChatToolCall
        {
            Index = call.Index, Id = call.Id, Type = "function", Function = new ChatFunctionCall { Name = call.Name, Arguments = "" },
        }),
        ArgumentsDelta arguments => Call(new ChatToolCall
        {
            Index = arguments.Index, Function = new ChatFunctionCall { Arguments = arguments.Json },
        }),
        _ => null,
    };

    /// <summary>The whole message.</summary>
    public static ChatReply Message(ReplyTranscript transcript) => new()
    {
        Content = transcript.Text,
        ReasoningContent = transcript.Reasoning.Length > 0 ? transcript.Reasoning : null,
        ToolCalls = transcript.Calls.Count == 0 ? null :
        [
            .. transcript.Calls.Select(call => new ChatToolCall
            {
                Id = call.Id, Type = "function", Function = new ChatFunctionCall { Name = call.Name, Arguments = call.Arguments },
            }),
        ],
    };

    public static string Reason(FinishReason reason) => reason switch
    {
        FinishReason.Stop => "stop",
        FinishReason.Length => "length",
        FinishReason.ToolCalls => "tool_calls",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "Unknown reason."),
    };

    public static ChatUsage Usage(GenerationUsage usage) => new(usage.Prompt, usage.Completion, usage.Prompt + usage.Completion)
    {
        PromptTokensDetails = new ChatPromptDetails(usage.Cached),
        CompletionTokensDetails = new ChatCompletionDetails(usage.Reasoning),
    };

    private static ChatDelta Call(ChatToolCall call) => new() { ToolCalls = [call] };
}

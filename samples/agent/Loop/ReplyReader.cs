using AgentHost;
using Microsoft.Extensions.AI;

namespace Agent.Loop;

/// <summary>Reads one streamed reply: shows every piece at once and joins them to a message.</summary>
internal sealed class ReplyReader(IModelProvider provider, IAgentView view, TimeProvider time)
{
    private readonly List<ChatResponseUpdate> updates = [];
    private readonly Dictionary<string, int> indexOfCall = new(StringComparer.Ordinal);
    private int nextIndex;
    private long? firstToken;

    public async Task<Reply> ReadAsync(IAsyncEnumerable<ChatResponseUpdate> stream, CancellationToken cancellationToken)
    {
        await foreach (ChatResponseUpdate update in stream.WithCancellation(cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            updates.Add(update);
            if (provider.TryReadUpdate(update, out StreamDetail detail))
                Show(detail);
            foreach (AIContent content in update.Contents)
                Show(content);
        }
        TimeSpan writing = firstToken is { } start ? time.GetElapsedTime(start) : TimeSpan.Zero;
        ChatResponse response = updates.ToChatResponse();
        return new Reply(Join(response), response.Usage, response.FinishReason, writing);
    }

    private void Show(StreamDetail detail)
    {
        if (detail.Progress is { } progress)
            view.Progress(progress);
        if (detail.ToolCall is { } fragment)
        {
            firstToken ??= time.GetTimestamp();
            if (fragment.CallId is { } id)
                indexOfCall[id] = fragment.Index;
            view.CallWriting(fragment);
        }
    }

    private void Show(AIContent content)
    {
        if (content is TextReasoningContent or TextContent or FunctionCallContent)
            firstToken ??= time.GetTimestamp();
        switch (content)
        {
            case TextReasoningContent reasoning:
                view.Reasoning(reasoning.Text);
                break;
            case TextContent text:
                view.Text(text.Text);
                break;
            case FunctionCallContent call:
                int index = indexOfCall.TryGetValue(call.CallId, out int known) ? known : nextIndex;
                nextIndex = index + 1;
                view.CallWritten(index, call.CallId, call.Name, CallArguments.ToJson(call).ToJsonString());
                break;
        }
    }

    /// <summary>
    /// One assistant message with its reasoning, text and calls. What else a provider sends, such as usage, is not a part
    /// of the conversation.
    /// </summary>
    private static ChatMessage Join(ChatResponse response) => new(
        ChatRole.Assistant,
        [.. response.Messages.SelectMany(message => message.Contents).Where(content => content is TextReasoningContent or TextContent or FunctionCallContent)])
    {
        MessageId = response.Messages.LastOrDefault()?.MessageId,
        AdditionalProperties = response.Messages.LastOrDefault()?.AdditionalProperties,
    };
}

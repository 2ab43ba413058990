using System.Text;
using Ds4Provider.Progress;
using Ds4Provider.Wire.Chat;
using Microsoft.Extensions.AI;

namespace Ds4Provider.Chat;

/// <summary>
/// Turns the chunks of one reply into updates. The API does not say when a call is complete: it is when the next one
/// begins or the reply finishes.
/// </summary>
/// <param name="withReasoning">Whether the caller wants to see reasoning.</param>
internal sealed class ChunkReader(bool withReasoning)
{
    private readonly StringBuilder _arguments = new();
    private (int Index, string Id, string Name)? _call;
    private int _wireIndex;

    /// <summary>Characters of text, reasoning and arguments so far.</summary>
    public long Characters { get; private set; }

    /// <summary>Complete calls so far.</summary>
    public int Calls { get; private set; }

    /// <summary>Whether anything of the reply has come, other than progress.</summary>
    public bool HasContent => Characters > 0 || Calls > 0 || _call is not null || IsFinished;

    /// <summary>Whether the reply has said why it ended.</summary>
    public bool IsFinished { get; private set; }

    /// <summary>Adds what a chunk says to the updates.</summary>
    public void Read(ChatCompletionChunk chunk, Queue<ChatResponseUpdate> updates)
    {
        if (chunk.Ds4 is { } progress)
            updates.Enqueue(Ds4ProgressUpdate.Wrap(ProgressTranslation.Translate(progress)));
        if (chunk.Choices is { Count: > 0 } choices)
            Read(chunk, choices[0], updates);
        if (chunk.Usage is { } usage)
            updates.Enqueue(Update(chunk, new UsageContent(Count(usage))));
    }

    private void Read(ChatCompletionChunk chunk, ChatChunkChoice choice, Queue<ChatResponseUpdate> updates)
    {
        ChatDelta? delta = choice.Delta;
        if ((delta?.ReasoningContent ?? delta?.Reasoning) is { Length: > 0 } reasoning)
        {
            Characters += reasoning.Length;
            if (withReasoning)
                updates.Enqueue(Update(chunk, new TextReasoningContent(reasoning)));
        }
        if (!string.IsNullOrEmpty(delta?.Content))
        {
            Characters += delta.Content.Length;
            updates.Enqueue(Update(chunk, new TextContent(delta.Content)));
        }
        foreach (ChatToolCall fragment in delta?.ToolCalls ?? [])
            Read(chunk, fragment, updates);
        if (choice.FinishReason is { } reason)
        {
            EndCall(chunk, updates);
            IsFinished = true;
            ChatResponseUpdate last = Update(chunk);
            last.FinishReason = Reason(reason);
            updates.Enqueue(last);
        }
    }

    private void Read(ChatCompletionChunk chunk, ChatToolCall fragment, Queue<ChatResponseUpdate> updates)
    {
        if (BeginsCall(fragment))
        {
            EndCall(chunk, updates);
            _call = (Calls, fragment.Id ?? $"call_{Guid.NewGuid():N}", fragment.Function?.Name ?? "");
            _wireIndex = fragment.Index ?? 0;
        }
        (int index, string id, string name) = _call!.Value;
        string arguments = fragment.Function?.Arguments ?? "";
        Characters += arguments.Length;
        _arguments.Append(arguments);
        ChatResponseUpdate update = Update(chunk);
        update.RawRepresentation = new Ds4ToolCallUpdate(index, id, name, arguments);
        updates.Enqueue(update);
    }

    // Some servers give every call the index 0, or none at all, and some every piece an id of its own: with the same index, a call begins
    // where both another id and a name come.
    private bool BeginsCall(ChatToolCall fragment) => _call is not { } call
        || (fragment.Index is { } index && index != _wireIndex)
        || (fragment is { Id: { Length: > 0 } id, Function.Name.Length: > 0 } && id != call.Id);

    private void EndCall(ChatCompletionChunk chunk, Queue<ChatResponseUpdate> updates)
    {
        if (_call is not { } call)
            return;
        updates.Enqueue(Update(chunk, ToolArguments.Read(_arguments.ToString(), call.Id, call.Name)));
        _arguments.Clear();
        _call = null;
        Calls++;
    }

    private static ChatResponseUpdate Update(ChatCompletionChunk chunk, params IList<AIContent> contents) => new(ChatRole.Assistant, contents)
    {
        ResponseId = chunk.Id,
        MessageId = chunk.Id,
        ModelId = chunk.Model,
        CreatedAt = chunk.Created > 0 ? DateTimeOffset.FromUnixTimeSeconds(chunk.Created) : null,
    };

    private static ChatFinishReason Reason(string reason) => reason switch
    {
        "stop" => ChatFinishReason.Stop,
        "length" => ChatFinishReason.Length,
        "tool_calls" => ChatFinishReason.ToolCalls,
        "content_filter" => ChatFinishReason.ContentFilter,
        _ => new ChatFinishReason(reason),
    };

    private static UsageDetails Count(ChatUsage usage) => new()
    {
        InputTokenCount = usage.PromptTokens,
        OutputTokenCount = usage.CompletionTokens,
        TotalTokenCount = usage.TotalTokens,
        CachedInputTokenCount = usage.PromptTokensDetails?.CachedTokens,
        ReasoningTokenCount = usage.CompletionTokensDetails?.ReasoningTokens,
    };
}

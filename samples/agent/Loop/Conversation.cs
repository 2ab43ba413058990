using Agent.Prompt;
using Microsoft.Extensions.AI;

namespace Agent.Loop;

/// <summary>Everything that was said, as the next request sends it.</summary>
internal sealed class Conversation
{
    private readonly List<ChatMessage> messages = [];

    public IReadOnlyList<ChatMessage> Messages => messages;

    public void Add(ChatMessage message) => messages.Add(message);

    public void Clear() => messages.Clear();

    /// <summary>System message and conversation, in a list that the caller may change.</summary>
    public List<ChatMessage> ToRequest() => [new ChatMessage(ChatRole.System, AgentPrompt.System), .. messages];
}

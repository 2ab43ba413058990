using Microsoft.Extensions.AI;

namespace Agent.Loop;

/// <summary>A complete reply of the model.</summary>
internal sealed record Reply(ChatMessage Message, UsageDetails? Usage, ChatFinishReason? FinishReason, TimeSpan WritingTime)
{
    public IReadOnlyList<FunctionCallContent> Calls { get; } = [.. Message.Contents.OfType<FunctionCallContent>()];

    public string Text => string.Concat(Message.Contents.OfType<TextContent>().Select(content => content.Text));
}

using Microsoft.Extensions.AI;

namespace Ds4Provider;

/// <summary>
/// Progress before the first word: setup, queue, reading the prompt. It travels as
/// <see cref="ChatResponseUpdate.RawRepresentation"/> of an update without contents, so that it never enters the conversation.
/// </summary>
/// <param name="Progress">The step.</param>
public sealed record Ds4ProgressUpdate(Ds4Progress Progress)
{
    internal static ChatResponseUpdate Wrap(Ds4Progress progress) =>
        new(ChatRole.Assistant, []) { RawRepresentation = new Ds4ProgressUpdate(progress) };
}

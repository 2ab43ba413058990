using Microsoft.Extensions.AI;

namespace Ds4Provider;

/// <summary>
/// A piece of a tool call while the model writes it. It travels as <see cref="ChatResponseUpdate.RawRepresentation"/> of an
/// update without contents, so that it never enters the conversation; the whole <see cref="FunctionCallContent"/> follows.
/// </summary>
/// <param name="Index">Position of the call within the reply, from 0.</param>
/// <param name="CallId">Id of the call, the same in all its pieces.</param>
/// <param name="Name">Name of the function.</param>
/// <param name="ArgumentsFragment">What is new of the arguments' JSON text. May be empty, and may end anywhere, even inside an escape.</param>
public sealed record Ds4ToolCallUpdate(int Index, string CallId, string Name, string ArgumentsFragment);

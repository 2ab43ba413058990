namespace AgentHost;

/// <summary>What an update says beyond its contents.</summary>
/// <param name="ToolCall">A piece of a tool call, while the model writes it.</param>
/// <param name="Progress">A step before the first token.</param>
public readonly record struct StreamDetail(ToolCallFragment? ToolCall, ProviderProgress? Progress);

/// <summary>
/// A piece of a tool call. All pieces of a call joined are the JSON text of its arguments; the whole
/// <see cref="Microsoft.Extensions.AI.FunctionCallContent"/> follows when the call is complete.
/// </summary>
/// <param name="Index">Position of the call within the reply, from 0; the same for all pieces of a call.</param>
/// <param name="CallId">The call's id; at least in its first piece.</param>
/// <param name="Name">The tool's name; at least in its first piece.</param>
/// <param name="Arguments">What is new of the JSON text; may be empty, and may end inside a token or an escape.</param>
public sealed record ToolCallFragment(int Index, string? CallId, string? Name, string Arguments);

namespace Benchmarks.Traces;

/// <summary>A message of a history, as a client keeps it.</summary>
internal abstract record Turn;

/// <summary>What the user said.</summary>
internal sealed record UserTurn(string Text) : Turn;

/// <summary>What the client adds to a conversation by itself.</summary>
internal sealed record DeveloperTurn(string Text) : Turn;

/// <summary>What the model answered.</summary>
internal sealed record AssistantTurn(string? Reasoning, string Text, IReadOnlyList<ToolCall> Calls) : Turn;

/// <summary>What a tool gave.</summary>
internal sealed record ToolTurn(string CallId, string Text) : Turn;

/// <summary>A call of a tool.</summary>
/// <param name="Id">Id that the server gave it.</param>
/// <param name="Name">Name of the tool.</param>
/// <param name="Arguments">JSON, parsed and written anew as the client does.</param>
internal sealed record ToolCall(string Id, string Name, string Arguments);

/// <summary>An answer, and the tokens that the server says it cost.</summary>
internal sealed record Answer(AssistantTurn Turn, int PromptTokens, int CachedTokens);

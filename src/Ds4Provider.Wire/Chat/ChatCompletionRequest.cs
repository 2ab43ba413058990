using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ds4Provider.Wire.Chat;

/// <summary>Body of <c>POST /v1/chat/completions</c>. Optional fields may be absent or null.</summary>
public sealed record ChatCompletionRequest
{
    /// <summary>Model id, with or without the <c>ds4/</c> prefix.</summary>
    public string? Model { get; init; }

    /// <summary>The conversation so far.</summary>
    public IReadOnlyList<ChatMessage>? Messages { get; init; }

    /// <summary>Functions that the model may call.</summary>
    public IReadOnlyList<ChatTool>? Tools { get; init; }

    /// <summary><c>"none"</c>, <c>"auto"</c>, <c>"required"</c> or an object that names a function.</summary>
    public JsonElement? ToolChoice { get; init; }

    /// <summary>Whether several calls may stand in one reply.</summary>
    public bool? ParallelToolCalls { get; init; }

    /// <summary>Most tokens to generate (older name).</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Most tokens to generate.</summary>
    public int? MaxCompletionTokens { get; init; }

    /// <summary>0 = always the most likely token.</summary>
    public double? Temperature { get; init; }

    /// <summary>Nucleus share, (0, 1].</summary>
    public double? TopP { get; init; }

    /// <summary>Number of most likely tokens considered; 0 = all.</summary>
    public int? TopK { get; init; }

    /// <summary>Least probability relative to the most likely token, [0, 1].</summary>
    public double? MinP { get; init; }

    /// <summary>Seed of the sampler, for a repeatable reply.</summary>
    public long? Seed { get; init; }

    /// <summary>A string or an array of strings that end the reply.</summary>
    public JsonElement? Stop { get; init; }

    /// <summary>Server-sent events instead of one body.</summary>
    public bool? Stream { get; init; }

    /// <summary>Options of the stream.</summary>
    public ChatStreamOptions? StreamOptions { get; init; }

    /// <summary>A boolean, or an object with <c>type</c> <c>enabled</c> or <c>disabled</c>.</summary>
    public JsonElement? Thinking { get; init; }

    /// <summary><c>none</c>, <c>minimal</c>, <c>low</c>, <c>medium</c>, <c>high</c>, <c>xhigh</c> or <c>max</c>.</summary>
    public string? ReasoningEffort { get; init; }

    /// <summary>Format that the reply must have.</summary>
    public JsonElement? ResponseFormat { get; init; }

    /// <summary>Number of alternatives; only 1 is served.</summary>
    public int? N { get; init; }

    /// <summary>Every field that is not named above.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; } // not init: extension data cannot be a constructor parameter
}

/// <summary>Options of a streamed reply.</summary>
public sealed record ChatStreamOptions
{
    /// <summary>Send a last chunk with the usage.</summary>
    public bool? IncludeUsage { get; init; }
}

/// <summary>One message of the conversation.</summary>
public sealed record ChatMessage
{
    /// <summary><c>system</c>, <c>developer</c>, <c>user</c>, <c>assistant</c> or <c>tool</c>.</summary>
    public string? Role { get; init; }

    /// <summary>A string, null, or an array of parts with a <c>text</c> member.</summary>
    public JsonElement? Content { get; init; }

    /// <summary>Reasoning of an assistant message.</summary>
    public string? ReasoningContent { get; init; }

    /// <summary>Calls of an assistant message.</summary>
    public IReadOnlyList<ChatToolCall>? ToolCalls { get; init; }

    /// <summary>The call that a tool message answers.</summary>
    public string? ToolCallId { get; init; }

    /// <summary>Name of the author or tool; not shown to the model.</summary>
    public string? Name { get; init; }
}

/// <summary>A function the model may call.</summary>
public sealed record ChatTool
{
    /// <summary>Only <c>function</c> is known.</summary>
    public string? Type { get; init; }

    /// <summary>The function object, kept as it came: <c>name</c>, <c>description</c>, <c>parameters</c>.</summary>
    public JsonElement? Function { get; init; }
}

/// <summary>A call, whole (in messages) or in fragments (in chunks).</summary>
public sealed record ChatToolCall
{
    /// <summary>Position in the reply; only in chunks.</summary>
    public int? Index { get; init; }

    /// <summary>Id of the call; in chunks only in its first fragment.</summary>
    public string? Id { get; init; }

    /// <summary><c>function</c>.</summary>
    public string? Type { get; init; }

    /// <summary>Name and arguments.</summary>
    public ChatFunctionCall? Function { get; init; }
}

/// <summary>Name and arguments of a call.</summary>
public sealed record ChatFunctionCall
{
    /// <summary>Name of the function; in chunks only in the first fragment.</summary>
    public string? Name { get; init; }

    /// <summary>Arguments as JSON text; in chunks a piece of it.</summary>
    public string? Arguments { get; init; }
}

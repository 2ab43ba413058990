using System.Text.Json.Serialization;

namespace Ds4Provider.Wire.Chat;

/// <summary>Body of a reply that is not streamed.</summary>
/// <param name="Id">Id of the reply, <c>chatcmpl-…</c>.</param>
/// <param name="Created">Unix seconds.</param>
/// <param name="Model">Model as the request named it.</param>
/// <param name="Choices">Always one.</param>
public sealed record ChatCompletion(string Id, long Created, string Model, IReadOnlyList<ChatChoice> Choices)
{
    /// <summary>Kind of object.</summary>
    public string Object { get; init; } = "chat.completion";

    /// <summary>Tokens read and written.</summary>
    public ChatUsage? Usage { get; init; }
}

/// <summary>The reply itself.</summary>
/// <param name="Index">Always 0.</param>
/// <param name="Message">The assistant's message.</param>
/// <param name="FinishReason"><c>stop</c>, <c>length</c> or <c>tool_calls</c>.</param>
public sealed record ChatChoice(int Index, ChatReply Message, string FinishReason);

/// <summary>The assistant's message of a reply that is not streamed.</summary>
public sealed record ChatReply
{
    /// <summary>Always <c>assistant</c>.</summary>
    public string Role { get; init; } = "assistant";

    /// <summary>Text for the user; empty when there is none.</summary>
    public string Content { get; init; } = "";

    /// <summary>Reasoning, when the model was asked to think.</summary>
    public string? ReasoningContent { get; init; }

    /// <summary>Calls, when there are any.</summary>
    public IReadOnlyList<ChatToolCall>? ToolCalls { get; init; }
}

/// <summary>One server-sent event of a streamed reply.</summary>
/// <param name="Id">Id of the reply, the same in every chunk.</param>
/// <param name="Created">Unix seconds, the same in every chunk.</param>
/// <param name="Model">Model as the request named it.</param>
/// <param name="Choices">One, or none in the chunk that carries the usage.</param>
public sealed record ChatCompletionChunk(string Id, long Created, string Model, IReadOnlyList<ChatChunkChoice> Choices)
{
    /// <summary>Kind of object.</summary>
    public string Object { get; init; } = "chat.completion.chunk";

    /// <summary>Tokens read and written; only in the last chunk and only when asked for.</summary>
    public ChatUsage? Usage { get; init; }

    /// <summary>Progress before the first token; only for clients that sent <c>X-Ds4-Progress: 1</c>.</summary>
    public ChatProgress? Ds4 { get; init; }

    /// <summary>What ended the reply early, in a last event that has nothing else.</summary>
    public ChatError? Error { get; init; }
}

/// <summary>A piece of the reply.</summary>
/// <param name="Index">Always 0.</param>
/// <param name="Delta">What is new.</param>
public sealed record ChatChunkChoice(int Index, ChatDelta Delta)
{
    /// <summary>Null until the reply has ended.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? FinishReason { get; init; }
}

/// <summary>What a chunk adds.</summary>
public sealed record ChatDelta
{
    /// <summary><c>assistant</c>, in the first chunk.</summary>
    public string? Role { get; init; }

    /// <summary>A piece of the text.</summary>
    public string? Content { get; init; }

    /// <summary>A piece of the reasoning.</summary>
    public string? ReasoningContent { get; init; }

    /// <summary>The same, as newer servers of others and routers call it; never written by this one.</summary>
    public string? Reasoning { get; init; }

    /// <summary>A piece of a call.</summary>
    public IReadOnlyList<ChatToolCall>? ToolCalls { get; init; }
}

/// <summary>What happens to a request while nothing of its reply comes.</summary>
/// <param name="Phase"><c>loading</c> (the model), <c>queued</c>, <c>prefilling</c> or <c>generating</c>.</param>
public sealed record ChatProgress(string Phase)
{
    /// <summary>Requests ahead of this one, while queued.</summary>
    public int? QueuePosition { get; init; }

    /// <summary>Prompt tokens evaluated, cached ones included.</summary>
    public int? Done { get; init; }

    /// <summary>Prompt tokens in all.</summary>
    public int? Total { get; init; }

    /// <summary>Tokens per second.</summary>
    public double? Rate { get; init; }

    /// <summary>Other requests that take turns with this one, if there are any.</summary>
    public int? Others { get; init; }
}

/// <summary>Tokens read and written.</summary>
/// <param name="PromptTokens">Tokens of the prompt, cached ones included.</param>
/// <param name="CompletionTokens">Tokens generated, reasoning included.</param>
/// <param name="TotalTokens">Both.</param>
public sealed record ChatUsage(int PromptTokens, int CompletionTokens, int TotalTokens)
{
    /// <summary>Where the prompt's tokens came from.</summary>
    public ChatPromptDetails? PromptTokensDetails { get; init; }

    /// <summary>What the generated tokens were for.</summary>
    public ChatCompletionDetails? CompletionTokensDetails { get; init; }
}

/// <summary>Where the prompt's tokens came from.</summary>
/// <param name="CachedTokens">Tokens that were not evaluated again.</param>
public sealed record ChatPromptDetails(int CachedTokens);

/// <summary>What the generated tokens were for.</summary>
/// <param name="ReasoningTokens">Tokens of reasoning.</param>
public sealed record ChatCompletionDetails(int ReasoningTokens);

/// <summary>Body of an error in OpenAI's shape.</summary>
/// <param name="Error">The error.</param>
public sealed record ChatErrorBody(ChatError Error);

/// <summary>An error.</summary>
/// <param name="Message">What was wrong, where, and what to do.</param>
/// <param name="Type">E.g. <c>invalid_request_error</c>, <c>authentication_error</c>, <c>server_error</c>.</param>
public sealed record ChatError(string Message, string Type)
{
    /// <summary>Path of the field that was wrong, e.g. <c>messages[2].role</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Param { get; init; }

    /// <summary>Machine-readable kind, e.g. <c>context_length_exceeded</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Code { get; init; }

    /// <summary>Tokens of a prompt that is too long.</summary>
    public int? NPromptTokens { get; init; }

    /// <summary>Tokens that the context holds, when a prompt is too long for it.</summary>
    public int? NCtx { get; init; }
}

/// <summary>Body of <c>GET /v1/models</c>.</summary>
/// <param name="Data">Models that this server answers for.</param>
public sealed record ModelList(IReadOnlyList<ModelEntry> Data)
{
    /// <summary>Kind of object.</summary>
    public string Object { get; init; } = "list";
}

/// <summary>A model of <c>GET /v1/models</c>.</summary>
/// <param name="Id">Model id.</param>
/// <param name="Created">Unix seconds.</param>
/// <param name="Name">Name for people.</param>
/// <param name="ContextLength">Tokens that prompt and reply may hold together.</param>
public sealed record ModelEntry(string Id, long Created, string Name, int ContextLength)
{
    /// <summary>Kind of object.</summary>
    public string Object { get; init; } = "model";

    /// <summary>Who serves it.</summary>
    public string OwnedBy { get; init; } = "ds4";

    /// <summary>What vLLM and SGLang call <see cref="ContextLength"/>; never written by this server.</summary>
    public int? MaxModelLen { get; init; }

    /// <summary>Limits, as routers list them.</summary>
    public ModelProvider TopProvider => new(ContextLength, ContextLength);

    /// <summary>Fields of requests that are honoured.</summary>
    public IReadOnlyList<string> SupportedParameters { get; init; } = [];
}

/// <summary>Limits of a model.</summary>
/// <param name="ContextLength">Tokens that prompt and reply may hold together.</param>
/// <param name="MaxCompletionTokens">Most tokens of a reply: never more than the context.</param>
public sealed record ModelProvider(int ContextLength, int MaxCompletionTokens)
{
    /// <summary>Always false: nobody reads what is asked.</summary>
    public bool IsModerated { get; init; }
}

/// <summary>Body of <c>GET /health</c>.</summary>
/// <param name="Status"><c>loading</c>, <c>ready</c> or <c>stopping</c>.</param>
/// <param name="Model">Model id.</param>
public sealed record Health(string Status, string Model)
{
    /// <summary>Requests running or queued.</summary>
    public int ActiveRequests { get; init; }
}

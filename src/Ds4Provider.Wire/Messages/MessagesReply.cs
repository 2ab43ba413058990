using System.Text.Json;
using System.Text.Json.Serialization;
using Ds4Provider.Wire.Chat;

namespace Ds4Provider.Wire.Messages;

/// <summary>A message of Anthropic's Messages API: the body of a reply, and what a stream begins with.</summary>
/// <param name="Id">Id of the reply, <c>msg_…</c>.</param>
/// <param name="Model">Model as the request named it.</param>
/// <param name="Content">What the model wrote; empty when a stream begins.</param>
/// <param name="Usage">Tokens read and written.</param>
public sealed record MessagesReply(string Id, string Model, IReadOnlyList<MessagesBlock> Content, MessagesUsage Usage)
{
    /// <summary>Kind of object.</summary>
    public string Type { get; init; } = "message";

    /// <summary>Always <c>assistant</c>.</summary>
    public string Role { get; init; } = "assistant";

    /// <summary><c>end_turn</c>, <c>stop_sequence</c>, <c>max_tokens</c> or <c>tool_use</c>; null until the reply has ended.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? StopReason { get; init; }

    /// <summary>The stop sequence that ended the reply, if one did.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? StopSequence { get; init; }
}

/// <summary>A block of content.</summary>
/// <param name="Type"><c>thinking</c>, <c>text</c> or <c>tool_use</c>.</param>
public sealed record MessagesBlock(string Type)
{
    /// <summary>Reasoning.</summary>
    public string? Thinking { get; init; }

    /// <summary>Marks reasoning as ours; clients send it back untouched.</summary>
    public string? Signature { get; init; }

    /// <summary>Text for the user.</summary>
    public string? Text { get; init; }

    /// <summary>Id of a call, <c>toolu_…</c>.</summary>
    public string? Id { get; init; }

    /// <summary>Name of the called tool.</summary>
    public string? Name { get; init; }

    /// <summary>Arguments of the call; an empty object when its block begins.</summary>
    public JsonElement? Input { get; init; }

    /// <summary>Who calls: always the model itself.</summary>
    public MessagesCaller? Caller { get; init; }
}

/// <summary>Who makes a call.</summary>
/// <param name="Type"><c>direct</c>: the model, not a program that it wrote.</param>
public sealed record MessagesCaller(string Type);

/// <summary>Tokens read and written.</summary>
/// <param name="InputTokens">Tokens of the prompt that were evaluated.</param>
/// <param name="CacheCreationInputTokens">Always 0: what is evaluated is kept without being asked, and counted as input.</param>
/// <param name="CacheReadInputTokens">Tokens of the prompt that were not evaluated again.</param>
/// <param name="OutputTokens">Tokens generated, reasoning included.</param>
public sealed record MessagesUsage(int InputTokens, int CacheCreationInputTokens, int CacheReadInputTokens, int OutputTokens)
{
    /// <summary>What the generated tokens were for.</summary>
    public MessagesOutputDetails? OutputTokensDetails { get; init; }
}

/// <summary>What the generated tokens were for.</summary>
/// <param name="ThinkingTokens">Tokens of reasoning.</param>
public sealed record MessagesOutputDetails(int ThinkingTokens);

/// <summary>Body of <c>POST /v1/messages/count_tokens</c>.</summary>
/// <param name="InputTokens">Tokens that the prompt would have.</param>
public sealed record MessagesTokenCount(int InputTokens);

/// <summary>Body of an error in Anthropic's shape; also the last event of a stream that failed.</summary>
/// <param name="Error">The error.</param>
public sealed record MessagesErrorBody(MessagesError Error)
{
    /// <summary>Kind of object.</summary>
    public string Type { get; init; } = "error";

    /// <summary>Id of the request, for logs.</summary>
    public string? RequestId { get; init; }
}

/// <summary>An error.</summary>
/// <param name="Type">E.g. <c>invalid_request_error</c>, <c>overloaded_error</c>, <c>api_error</c>.</param>
/// <param name="Message">What was wrong, where, and what to do.</param>
public sealed record MessagesError(string Type, string Message)
{
    /// <summary>Tokens of a prompt that is too long.</summary>
    public int? NPromptTokens { get; init; }

    /// <summary>Tokens that the context holds, when a prompt is too long for it.</summary>
    public int? NCtx { get; init; }
}

/// <summary>One event of a streamed message; its name is its type.</summary>
/// <param name="Type">E.g. <c>message_start</c>, <c>content_block_delta</c>, <c>ping</c>.</param>
public sealed record MessagesEvent(string Type)
{
    /// <summary>The empty message, in <c>message_start</c>.</summary>
    public MessagesReply? Message { get; init; }

    /// <summary>Position of the block.</summary>
    public int? Index { get; init; }

    /// <summary>The empty block, in <c>content_block_start</c>.</summary>
    public MessagesBlock? ContentBlock { get; init; }

    /// <summary>What is new.</summary>
    public MessagesDelta? Delta { get; init; }

    /// <summary>Progress before the first token, in a <c>ping</c>; only for clients that sent <c>X-Ds4-Progress: 1</c>.</summary>
    public ChatProgress? Ds4 { get; init; }
}

/// <summary>What an event adds to a block.</summary>
/// <param name="Type"><c>thinking_delta</c>, <c>signature_delta</c>, <c>text_delta</c> or <c>input_json_delta</c>.</param>
public sealed record MessagesDelta(string Type)
{
    /// <summary>A piece of reasoning.</summary>
    public string? Thinking { get; init; }

    /// <summary>The signature of the reasoning.</summary>
    public string? Signature { get; init; }

    /// <summary>A piece of text.</summary>
    public string? Text { get; init; }

    /// <summary>A piece of a call's arguments.</summary>
    public string? PartialJson { get; init; }
}

/// <summary>The event <c>message_delta</c>: how the message ended.</summary>
/// <param name="Delta">Why it ended.</param>
/// <param name="Usage">Tokens read and written.</param>
public sealed record MessagesEnd(MessagesStop Delta, MessagesUsage Usage)
{
    /// <summary>Kind of event.</summary>
    public string Type { get; init; } = "message_delta";
}

/// <summary>Why a message ended.</summary>
/// <param name="StopReason">See <see cref="MessagesReply.StopReason"/>.</param>
/// <param name="StopSequence">See <see cref="MessagesReply.StopSequence"/>.</param>
public sealed record MessagesStop(
    string StopReason, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? StopSequence);

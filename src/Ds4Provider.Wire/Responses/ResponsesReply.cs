using System.Text.Json;
using System.Text.Json.Serialization;
using Ds4Provider.Wire.Chat;

namespace Ds4Provider.Wire.Responses;

/// <summary>A response of OpenAI's Responses API: the body of a reply, and part of the events that begin and end a stream.</summary>
/// <param name="Id">Id of the reply, <c>resp_…</c>.</param>
/// <param name="CreatedAt">Unix seconds.</param>
/// <param name="Model">Model as the request named it.</param>
/// <param name="Status"><c>in_progress</c>, <c>completed</c>, <c>incomplete</c> or <c>failed</c>.</param>
/// <param name="Output">What the model wrote; empty when a stream begins.</param>
public sealed record ResponsesReply(string Id, long CreatedAt, string Model, string Status, IReadOnlyList<ResponsesItem> Output)
{
    /// <summary>Kind of object.</summary>
    public string Object { get; init; } = "response";

    /// <summary>What ended the reply early.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public ResponsesError? Error { get; init; }

    /// <summary>Why the reply is incomplete.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public ResponsesIncomplete? IncompleteDetails { get; init; }

    /// <summary>Instructions of the request.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Instructions { get; init; }

    /// <summary>Limit of the request.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public int? MaxOutputTokens { get; init; }

    /// <summary>Whether several calls may stand in one reply.</summary>
    public bool ParallelToolCalls { get; init; } = true;

    /// <summary>Always null: nothing is stored.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? PreviousResponseId { get; init; }

    /// <summary>How much the model was asked to think.</summary>
    public ResponsesReasoning Reasoning { get; init; } = new();

    /// <summary>Always false: nothing is stored.</summary>
    public bool Store { get; init; }

    /// <summary>Temperature that was used.</summary>
    public double Temperature { get; init; }

    /// <summary>Format of the text.</summary>
    public ResponsesText Text { get; init; } = new(new ResponsesTextFormat("text"));

    /// <summary>Choice of the request.</summary>
    public JsonElement? ToolChoice { get; init; }

    /// <summary>Always empty: the client knows what it offered.</summary>
    public IReadOnlyList<JsonElement> Tools { get; init; } = [];

    /// <summary>Nucleus share that was used.</summary>
    public double TopP { get; init; }

    /// <summary>Always <c>disabled</c>: a conversation that is too long is refused, never cut.</summary>
    public string Truncation { get; init; } = "disabled";

    /// <summary>Tokens read and written; null until the reply has ended.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public ResponsesUsage? Usage { get; init; }

    /// <summary>Always empty.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();
}

/// <summary>What ended a reply early.</summary>
/// <param name="Code">E.g. <c>server_error</c>, <c>context_length_exceeded</c>.</param>
/// <param name="Message">What happened and what to do.</param>
public sealed record ResponsesError(string Code, string Message);

/// <summary>Why a reply is incomplete.</summary>
/// <param name="Reason"><c>max_output_tokens</c>.</param>
public sealed record ResponsesIncomplete(string Reason);

/// <summary>How much the model was asked to think.</summary>
public sealed record ResponsesReasoning
{
    /// <summary>Effort of the request.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Effort { get; init; }

    /// <summary>Summary of the request.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Summary { get; init; }
}

/// <summary>Form of the text.</summary>
/// <param name="Format">Its format.</param>
public sealed record ResponsesText(ResponsesTextFormat Format);

/// <summary>Format of the text.</summary>
/// <param name="Type"><c>text</c>, <c>json_object</c> or <c>json_schema</c>.</param>
public sealed record ResponsesTextFormat(string Type);

/// <summary>An item of the output.</summary>
/// <param name="Id">Id of the item.</param>
/// <param name="Type"><c>reasoning</c>, <c>message</c>, <c>function_call</c>, <c>custom_tool_call</c> or <c>tool_search_call</c>.</param>
/// <param name="Status"><c>in_progress</c>, <c>completed</c> or <c>incomplete</c>.</param>
public sealed record ResponsesItem(string Id, string Type, string Status)
{
    /// <summary><c>assistant</c>, of a message.</summary>
    public string? Role { get; init; }

    /// <summary>Parts of a message, or of reasoning that is not summarised.</summary>
    public IReadOnlyList<ResponsesPart>? Content { get; init; }

    /// <summary>Reasoning, when the request asked for a summary; it is given whole.</summary>
    public IReadOnlyList<ResponsesPart>? Summary { get; init; }

    /// <summary>Id that the result of a call refers to.</summary>
    public string? CallId { get; init; }

    /// <summary>Name of the called tool.</summary>
    public string? Name { get; init; }

    /// <summary>Group of the called tool.</summary>
    public string? Namespace { get; init; }

    /// <summary>Who executes a search: <c>client</c>.</summary>
    public string? Execution { get; init; }

    /// <summary>Arguments of a call: JSON text, or for a search the object itself.</summary>
    public JsonElement? Arguments { get; init; }

    /// <summary>Text that a custom tool is given.</summary>
    public string? Input { get; init; }
}

/// <summary>A part of an item.</summary>
/// <param name="Type"><c>output_text</c>, <c>summary_text</c> or <c>reasoning_text</c>.</param>
/// <param name="Text">The text.</param>
public sealed record ResponsesPart(string Type, string Text)
{
    /// <summary>Always empty, of <c>output_text</c>.</summary>
    public IReadOnlyList<JsonElement>? Annotations { get; init; }

    /// <summary>Always empty, of <c>output_text</c>.</summary>
    public IReadOnlyList<JsonElement>? Logprobs { get; init; }
}

/// <summary>Tokens read and written.</summary>
/// <param name="InputTokens">Tokens of the prompt, cached ones included.</param>
/// <param name="InputTokensDetails">Where they came from.</param>
/// <param name="OutputTokens">Tokens generated, reasoning included.</param>
/// <param name="OutputTokensDetails">What they were for.</param>
/// <param name="TotalTokens">Both.</param>
public sealed record ResponsesUsage(
    int InputTokens, ChatPromptDetails InputTokensDetails, int OutputTokens, ChatCompletionDetails OutputTokensDetails, int TotalTokens);

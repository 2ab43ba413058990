using System.Text.Json;
using Ds4Provider.Wire.Chat;

namespace Ds4Provider.Wire.Responses;

/// <summary>One event of a streamed response; its name is its type.</summary>
/// <param name="Type">E.g. <c>response.created</c>, <c>response.output_text.delta</c>.</param>
/// <param name="SequenceNumber">Its position in the stream, from 0.</param>
public sealed record ResponsesEvent(string Type, int SequenceNumber)
{
    /// <summary>The response as it is, in the events that begin and end the stream.</summary>
    public ResponsesReply? Response { get; init; }

    /// <summary>Position of the item in the output.</summary>
    public int? OutputIndex { get; init; }

    /// <summary>The item, when it begins and when it ends.</summary>
    public ResponsesItem? Item { get; init; }

    /// <summary>Id of the item.</summary>
    public string? ItemId { get; init; }

    /// <summary>Position of the part in the item's content.</summary>
    public int? ContentIndex { get; init; }

    /// <summary>Position of the part in the item's summary.</summary>
    public int? SummaryIndex { get; init; }

    /// <summary>The part, when it begins and when it ends.</summary>
    public ResponsesPart? Part { get; init; }

    /// <summary>What is new.</summary>
    public string? Delta { get; init; }

    /// <summary>The whole text, at its end.</summary>
    public string? Text { get; init; }

    /// <summary>Name of the called tool, at the end of its arguments.</summary>
    public string? Name { get; init; }

    /// <summary>The whole arguments, at their end.</summary>
    public string? Arguments { get; init; }

    /// <summary>The whole input of a custom tool, at its end.</summary>
    public string? Input { get; init; }

    /// <summary>Always empty, of text.</summary>
    public IReadOnlyList<JsonElement>? Logprobs { get; init; }

    /// <summary>Progress before the first token; only for clients that sent <c>X-Ds4-Progress: 1</c>.</summary>
    public ChatProgress? Ds4 { get; init; }
}

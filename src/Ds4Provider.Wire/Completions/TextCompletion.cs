using System.Text.Json.Serialization;
using Ds4Provider.Wire.Chat;

namespace Ds4Provider.Wire.Completions;

/// <summary>A text completion: the body of a reply, or one chunk of its stream.</summary>
/// <param name="Id">Id of the reply, <c>cmpl-…</c>.</param>
/// <param name="Created">Unix seconds.</param>
/// <param name="Model">Model as the request named it.</param>
/// <param name="Choices">One, or none in the chunk that carries the usage.</param>
public sealed record TextCompletion(string Id, long Created, string Model, IReadOnlyList<TextChoice> Choices)
{
    /// <summary>Kind of object.</summary>
    public string Object { get; init; } = "text_completion";

    /// <summary>Tokens read and written.</summary>
    public ChatUsage? Usage { get; init; }

    /// <summary>Progress before the first token; only for clients that sent <c>X-Ds4-Progress: 1</c>.</summary>
    public ChatProgress? Ds4 { get; init; }
}

/// <summary>The text, or a piece of it.</summary>
/// <param name="Index">Always 0.</param>
/// <param name="Text">The text.</param>
public sealed record TextChoice(int Index, string Text)
{
    /// <summary><c>stop</c> or <c>length</c>; null until the reply has ended.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? FinishReason { get; init; }

    /// <summary>Always null.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Logprobs { get; init; }
}

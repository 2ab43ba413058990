using Ds4Provider.Engine.Prompting;
using Ds4Provider.Engine.Sampling;

namespace Ds4Provider.Server.Chat;

/// <summary>A request for a chat completion, checked and understood.</summary>
/// <param name="Model">Model as the request named it.</param>
/// <param name="Conversation">What the model is shown.</param>
internal sealed record ChatRequest(string Model, Conversation Conversation)
{
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>Most tokens to generate; null = what the context has left.</summary>
    public int? MaximumTokens { get; init; }

    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Whether the reply may call the conversation's tools.</summary>
    public bool CallsAllowed { get; init; }

    /// <summary>Server-sent events instead of one body.</summary>
    public bool Stream { get; init; }

    /// <summary>Whether the stream ends with a chunk that carries the usage.</summary>
    public bool IncludeUsage { get; init; }
}

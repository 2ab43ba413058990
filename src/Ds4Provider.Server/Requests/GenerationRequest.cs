using Ds4Provider.Engine.Constraints;
using Ds4Provider.Engine.Prompting;
using Ds4Provider.Engine.Sampling;

namespace Ds4Provider.Server.Requests;

/// <summary>A request for a reply, checked and understood; the same for every API.</summary>
/// <param name="Model">Model as the request named it.</param>
/// <param name="Prompt">What the model is shown.</param>
internal sealed record GenerationRequest(string Model, PromptSource Prompt)
{
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>Most tokens to generate; null = what the context has left.</summary>
    public int? MaximumTokens { get; init; }

    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>What the reply must keep.</summary>
    public ReplyRules Rules { get; init; } = new();

    /// <summary>The field that holds a tool's schema, or for null that of the response; for refusals.</summary>
    public Func<string?, string> SchemaField { get; init; } = static _ => "";

    /// <summary>The field that limits the tokens; for refusals.</summary>
    public string MaximumField { get; init; } = "max_tokens";

    /// <summary>Server-sent events instead of one body.</summary>
    public bool Stream { get; init; }
}

/// <summary>What the model is shown.</summary>
/// <param name="Field">The field of the body that it came from, for refusals.</param>
internal abstract record PromptSource(string Field);

/// <summary>A conversation in the chat format.</summary>
/// <param name="Conversation">The conversation.</param>
/// <param name="Field">The field that holds it.</param>
internal sealed record ConversationPrompt(Conversation Conversation, string Field) : PromptSource(Field);

/// <summary>Text that is continued as it stands, without any chat format.</summary>
/// <param name="Text">The text.</param>
/// <param name="Field">The field that holds it.</param>
internal sealed record TextPrompt(string Text, string Field) : PromptSource(Field);

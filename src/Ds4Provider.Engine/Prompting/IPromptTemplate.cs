namespace Ds4Provider.Engine.Prompting;

/// <summary>The model's trained chat format. Thread-safe.</summary>
public interface IPromptTemplate
{
    /// <summary>Renders a conversation up to and including the generation prompt.</summary>
    /// <param name="conversation">The conversation.</param>
    /// <param name="sampledTurns">Source of sampled ids for earlier turns, or null to render them all anew.</param>
    IReadOnlyList<PromptSegment> Render(Conversation conversation, ISampledTurns? sampledTurns = null);

    /// <summary>Encodes segments; adjacent text segments are encoded as one text.</summary>
    IReadOnlyList<int> Encode(IReadOnlyList<PromptSegment> segments);
}

namespace Ds4Provider.Engine.Prompting;

/// <summary>
/// A piece of a prompt. Only <see cref="ControlSegment"/> becomes control tokens, and only our template writes those,
/// so no user or tool text can forge one.
/// </summary>
public abstract record PromptSegment;

/// <summary>One control token.</summary>
/// <param name="Token">Its id.</param>
public sealed record ControlSegment(int Token) : PromptSegment;

/// <summary>Plain text, encoded without recognising control tokens.</summary>
/// <param name="Text">The text.</param>
public sealed record TextSegment(string Text) : PromptSegment;

/// <summary>Tokens that the model itself sampled for a turn that came back unchanged.</summary>
/// <param name="Tokens">The ids, without the final end-of-sentence.</param>
public sealed record SampledSegment(IReadOnlyList<int> Tokens) : PromptSegment;

/// <summary>Finds the token ids that were sampled for an assistant turn which a client sends back.</summary>
public interface ISampledTurns
{
    /// <summary>
    /// The ids after the generation prompt (<c>&lt;think&gt;</c> or <c>&lt;/think&gt;</c>) and before end-of-sentence,
    /// or null when the turn is not known or was edited.
    /// </summary>
    /// <param name="message">The turn as it came back.</param>
    /// <param name="thinking">Whether the turn is rendered with its reasoning.</param>
    IReadOnlyList<int>? Find(AssistantMessage message, bool thinking);
}

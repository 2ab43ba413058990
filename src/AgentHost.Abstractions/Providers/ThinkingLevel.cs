using Microsoft.Extensions.AI;

namespace AgentHost;

/// <summary>
/// How much a model is asked to think before it answers. A request carries it as <see cref="ReasoningOptions.Effort"/>
/// (<c>None</c>, <c>Low</c>, <c>Low</c>, <c>Medium</c>, <c>High</c>, <c>ExtraHigh</c>, <c>ExtraHigh</c>) and, exactly, as
/// the lower-case name in <see cref="ChatOptions.AdditionalProperties"/> under <c>thinking_level</c>.
/// </summary>
public enum ThinkingLevel
{
    /// <summary>Answer at once.</summary>
    Off,

    /// <summary>As little as the model can.</summary>
    Minimal,

    /// <summary>A little.</summary>
    Low,

    /// <summary>More.</summary>
    Medium,

    /// <summary>Much.</summary>
    High,

    /// <summary>Very much.</summary>
    XHigh,

    /// <summary>As much as the model can.</summary>
    Max,
}

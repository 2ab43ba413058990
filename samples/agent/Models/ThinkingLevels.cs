using AgentHost;
using Microsoft.Extensions.AI;

namespace Agent.Models;

/// <summary>How a level of thinking reaches a model.</summary>
internal static class ThinkingLevels
{
    /// <summary>The level of this model that is nearest to the wanted one, the lower of two; null for a model that does not think.</summary>
    public static ThinkingLevel? Nearest(ModelInfo model, ThinkingLevel wanted) =>
        model.ThinkingLevels.Count == 0 ? null : model.ThinkingLevels.MinBy(level => (Math.Abs(level - wanted), level));

    public static void Apply(ChatOptions options, ThinkingLevel level)
    {
        options.Reasoning = new ReasoningOptions { Effort = EffortOf(level) };
        (options.AdditionalProperties ??= [])["thinking_level"] = NameOf(level);
    }

    public static string NameOf(ThinkingLevel level) => level.ToString().ToLowerInvariant();

    private static ReasoningEffort EffortOf(ThinkingLevel level) => level switch
    {
        ThinkingLevel.Off => ReasoningEffort.None,
        ThinkingLevel.Minimal or ThinkingLevel.Low => ReasoningEffort.Low,
        ThinkingLevel.Medium => ReasoningEffort.Medium,
        ThinkingLevel.High => ReasoningEffort.High,
        _ => ReasoningEffort.ExtraHigh,
    };
}

using System.Text.Json;

namespace Ds4Provider.Engine.Constraints;

/// <summary>What a reply must keep, as every API can say it.</summary>
public sealed record ReplyRules
{
    /// <summary>Tools that the model was shown.</summary>
    public IReadOnlyList<ToolRule> Tools { get; init; } = [];

    /// <summary>Whether they may or must be called.</summary>
    public ToolUse ToolUse { get; init; }

    /// <summary>The only tool that may be called, once; with <see cref="ToolUse.Required"/> it must be.</summary>
    public string? OnlyTool { get; init; }

    /// <summary>Whether several calls may stand in one reply.</summary>
    public bool ParallelCalls { get; init; } = true;

    /// <summary>What the visible text must be; null = any text.</summary>
    public ResponseShape? Response { get; init; }
}

/// <summary>A tool, reduced to what limits its calls.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Parameters">JSON Schema of its arguments; null = any object.</param>
/// <param name="IsStrict">Whether a keyword that is not enforced is an error.</param>
public sealed record ToolRule(string Name, JsonElement? Parameters, bool IsStrict = false);

/// <summary>What the visible text must be: JSON.</summary>
/// <param name="Schema">Its JSON Schema; null = any object.</param>
/// <param name="IsStrict">Whether a keyword that is not enforced is an error.</param>
public sealed record ResponseShape(JsonElement? Schema, bool IsStrict = false);

/// <summary>Whether tools are called.</summary>
public enum ToolUse
{
    /// <summary>As the model decides.</summary>
    Auto,

    /// <summary>No call can be made; the tools stay in the prompt.</summary>
    None,

    /// <summary>The reply is a block of calls, after the reasoning.</summary>
    Required,
}

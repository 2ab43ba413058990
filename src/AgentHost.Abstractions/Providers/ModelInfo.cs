namespace AgentHost;

/// <summary>A model of a provider.</summary>
/// <param name="Id">Id within the provider: <c>demo</c> in <c>ds4/demo</c>.</param>
/// <param name="Name">Name for people.</param>
public sealed record ModelInfo(string Id, string Name)
{
    /// <summary>Tokens that prompt and reply may hold together; 0 while unknown.</summary>
    public int ContextWindow { get; init; }

    /// <summary>Most tokens of one reply; 0 when only the context limits it.</summary>
    public int MaxOutputTokens { get; init; }

    /// <summary>
    /// Levels of thinking that differ for this model, in rising order; empty for a model that does not think. A host uses
    /// the nearest one to what was asked for.
    /// </summary>
    public IReadOnlyList<ThinkingLevel> ThinkingLevels { get; init; } = [];

    /// <summary>
    /// The model only shows how things work. A host says so wherever it shows the model, and never chooses it in place of
    /// another one without asking.
    /// </summary>
    public bool IsDemo { get; init; }
}

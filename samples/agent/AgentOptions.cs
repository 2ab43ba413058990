using AgentHost;

namespace Agent;

/// <summary>What the command line asks for.</summary>
internal sealed record AgentOptions
{
    /// <summary>The prompt of print mode; null starts a conversation.</summary>
    public string? Prompt { get; init; }

    public string? Model { get; init; }

    public ThinkingLevel Thinking { get; init; } = ThinkingLevel.High;

    /// <summary>DLLs or folders of extensions.</summary>
    public IReadOnlyList<string> Extensions { get; init; } = [];

    public bool ListModels { get; init; }

    /// <summary>Large downloads need no question.</summary>
    public bool Download { get; init; }

    public int MaximumTurns { get; init; } = 100;

    public bool Verbose { get; init; }
}

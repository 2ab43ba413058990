using AgentHost;

namespace Agent.Loop;

/// <summary>How the loop behaves.</summary>
internal sealed record LoopOptions
{
    public ThinkingLevel Thinking { get; init; } = ThinkingLevel.High;

    /// <summary>Most requests for one input: a model that goes in circles must end some time.</summary>
    public int MaximumTurns { get; init; } = 100;

    /// <summary>Asks before a large download.</summary>
    public required Func<DownloadOffer, CancellationToken, ValueTask<bool>> ConfirmDownload { get; init; }
}

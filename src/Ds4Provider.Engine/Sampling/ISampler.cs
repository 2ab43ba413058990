using Ds4Provider.Engine.Constraints;

namespace Ds4Provider.Engine.Sampling;

/// <summary>Chooses the next token. Not thread-safe; one per reply.</summary>
public interface ISampler
{
    /// <summary>Chooses among the logits.</summary>
    /// <param name="logits">One per vocabulary entry.</param>
    /// <param name="allowed">Ids that may be chosen; null = all.</param>
    /// <exception cref="EngineException">A logit is not a number, or no token is left to choose.</exception>
    int Sample(ReadOnlySpan<float> logits, TokenSet? allowed);

    /// <summary>Chooses the most likely token, the lowest id on ties, whatever the options are.</summary>
    /// <param name="logits">One per vocabulary entry.</param>
    /// <param name="allowed">Ids that may be chosen; null = all.</param>
    /// <exception cref="EngineException">A logit is not a number, or no token is left to choose.</exception>
    int Best(ReadOnlySpan<float> logits, TokenSet? allowed);
}

/// <summary>How tokens are chosen.</summary>
public sealed record SamplingOptions
{
    /// <summary>0 = always the most likely token (lowest id on ties).</summary>
    public double Temperature { get; init; } = 1.0;

    /// <summary>Nucleus share, (0, 1]; 1 = off.</summary>
    public double TopP { get; init; } = 1.0;

    /// <summary>Least probability relative to the most likely token, [0, 1); 0 = off.</summary>
    public double MinP { get; init; } = 0.05;

    /// <summary>Number of most likely tokens considered; 0 = all.</summary>
    public int TopK { get; init; }

    /// <summary>Seed for a repeatable reply; null = a random one.</summary>
    public long? Seed { get; init; }
}

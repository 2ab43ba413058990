using Microsoft.Extensions.AI;

namespace Agent.Loop;

/// <summary>How an input ended.</summary>
internal sealed record AgentOutcome(AgentEnd End, string Text, TurnStatistics Statistics)
{
    /// <summary>What went wrong, for people.</summary>
    public string? Error { get; init; }
}

/// <summary>How an input ended.</summary>
internal enum AgentEnd
{
    /// <summary>With an answer.</summary>
    Answered,

    /// <summary>An extension has dealt with it.</summary>
    Handled,

    /// <summary>The person cancelled it.</summary>
    Cancelled,

    /// <summary>With an error.</summary>
    Failed,
}

/// <summary>What the requests of one input cost.</summary>
internal sealed class TurnStatistics
{
    /// <summary>Tokens in the context after the last request.</summary>
    public long ContextTokens { get; private set; }

    public long InputTokens { get; private set; }

    public long CachedTokens { get; private set; }

    public long OutputTokens { get; private set; }

    public TimeSpan WritingTime { get; private set; }

    public void Add(UsageDetails? usage, TimeSpan writingTime)
    {
        WritingTime += writingTime;
        if (usage is null)
            return;
        InputTokens += usage.InputTokenCount ?? 0;
        CachedTokens += usage.CachedInputTokenCount ?? 0;
        OutputTokens += usage.OutputTokenCount ?? 0;
        ContextTokens = (usage.InputTokenCount ?? 0) + (usage.OutputTokenCount ?? 0);
    }
}

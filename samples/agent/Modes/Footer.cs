using System.Globalization;
using Agent.Loop;
using Agent.Terminal;
using AgentHost;

namespace Agent.Modes;

/// <summary>The figures of a turn in one line.</summary>
internal static class Footer
{
    public static string Of(string name, ModelInfo model, TurnStatistics statistics, IEnumerable<string> status)
    {
        List<string> parts = [model.IsDemo ? $"{name} (demo)" : name];
        if (statistics.ContextTokens > 0)
            parts.Add(Context(statistics.ContextTokens, model.ContextWindow));
        if (statistics.InputTokens > 0)
            parts.Add($"{Numbers.Percent((double)statistics.CachedTokens / statistics.InputTokens)} cached");
        if (statistics.OutputTokens > 0 && statistics.WritingTime.TotalSeconds > 0.05)
        {
            double rate = statistics.OutputTokens / statistics.WritingTime.TotalSeconds;
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{rate:0.0} tokens/s"));
        }
        return string.Join(" · ", parts.Concat(status));
    }

    private static string Context(long tokens, int window) => window <= 0
        ? $"{Numbers.Count(tokens)} tokens"
        : $"{Numbers.Count(tokens)} of {Numbers.Count(window)} tokens";
}

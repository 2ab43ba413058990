using Ds4Provider.Engine.Replies;
using Ds4Provider.Server.Streaming;

namespace Ds4Provider.Server.Metrics;

/// <summary>What the server counts from its start on. Thread-safe.</summary>
internal sealed class ServerMetrics
{
    /// <summary>Seconds; replies take from a fraction of one to an hour.</summary>
    private static readonly double[] Bounds = [0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800];

    private readonly Lock gate = new();
    private readonly SortedDictionary<(string Route, int Status), long> requests = [];
    private readonly SortedDictionary<(string Api, string Reason), long> replies = [];
    private readonly SortedDictionary<string, Histogram> seconds = new(StringComparer.Ordinal);
    private long promptTokens;
    private long cachedTokens;
    private long completionTokens;
    private long reasoningTokens;

    /// <summary>Counts an answered request.</summary>
    /// <param name="route">Pattern of the route, never the path: the number of patterns is bounded.</param>
    /// <param name="status">HTTP status.</param>
    public void Answered(string route, int status)
    {
        lock (gate)
            requests[(route, status)] = requests.GetValueOrDefault((route, status)) + 1;
    }

    /// <summary>Counts a whole reply.</summary>
    public void Replied(string api, ReplyEnd end, TimeSpan duration)
    {
        string reason = end.Reason switch
        {
            FinishReason.Length => "length",
            FinishReason.ToolCalls => "tool_calls",
            _ => "stop",
        };
        lock (gate)
        {
            replies[(api, reason)] = replies.GetValueOrDefault((api, reason)) + 1;
            if (!seconds.TryGetValue(api, out Histogram? histogram))
                seconds[api] = histogram = new Histogram(Bounds);
            histogram.Add(duration.TotalSeconds);
            promptTokens += end.Usage.Prompt;
            cachedTokens += end.Usage.Cached;
            completionTokens += end.Usage.Completion;
            reasoningTokens += end.Usage.Reasoning;
        }
    }

    /// <summary>Writes everything.</summary>
    public void Write(PrometheusText text)
    {
        lock (gate)
        {
            text.Family("ds4_http_requests_total", "counter", "Answered requests by route and status.");
            foreach (((string route, int status), long count) in requests)
                text.Sample("ds4_http_requests_total", count, ("route", route), ("status", $"{status}"));
            text.Family("ds4_replies_total", "counter", "Whole replies by API and reason of their end.");
            foreach (((string api, string reason), long count) in replies)
                text.Sample("ds4_replies_total", count, ("api", api), ("reason", reason));
            text.Family("ds4_reply_seconds", "histogram", "Time from the request to the end of its reply, waiting included.");
            foreach ((string api, Histogram histogram) in seconds)
                histogram.Write(text, "ds4_reply_seconds", ("api", api));
            text.Counter("ds4_prompt_tokens_total", "Tokens of the prompts of whole replies.", promptTokens);
            text.Counter("ds4_prompt_tokens_cached_total", "Of those, tokens that were not evaluated again.", cachedTokens);
            text.Counter("ds4_completion_tokens_total", "Tokens of whole replies.", completionTokens);
            text.Counter("ds4_reasoning_tokens_total", "Of those, tokens of reasoning.", reasoningTokens);
        }
    }
}

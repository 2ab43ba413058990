using Polly;
using Polly.Retry;

namespace Ds4Provider.Watchdog.Setup.Weights.Download;

/// <summary>How often and when the origin is asked again after trouble.</summary>
internal static class OriginRetry
{
    /// <summary>Makes the rule.</summary>
    /// <param name="tries">Tries in all, at least 2.</param>
    /// <param name="limits">The waits between them.</param>
    /// <param name="waiting">Told what went wrong and how long the next try is waited for.</param>
    public static ResiliencePipeline Create(int tries, DownloadLimits limits, Action<string, TimeSpan> waiting) =>
        new ResiliencePipelineBuilder().AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<OriginTroubleException>(),
            MaxRetryAttempts = tries - 1,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = limits.FirstWait,
            MaxDelay = limits.LongestWait,
            DelayGenerator = trouble => new ValueTask<TimeSpan?>(Wish(trouble.Outcome.Exception, limits)),
            OnRetry = trouble =>
            {
                waiting(trouble.Outcome.Exception!.Message, trouble.RetryDelay);
                return default;
            },
        }).Build();

    private static TimeSpan? Wish(Exception? trouble, DownloadLimits limits) =>
        trouble is OriginTroubleException { RetryAfter: { } wish } ? (wish < limits.LongestWish ? wish : limits.LongestWish) : null;
}

namespace Benchmarks.Traces;

/// <summary>What a replay measured.</summary>
internal sealed class ReplayResult
{
    private readonly List<(string Client, RequestKind Kind, Cost Cost)> costs = [];

    /// <summary>All requests together.</summary>
    public Cost Total => Sum(_ => true);

    /// <summary>By client, in the order of their first requests.</summary>
    public IEnumerable<(string Client, Cost Cost)> ByClient =>
        costs.Select(cost => cost.Client).Distinct().Order(StringComparer.Ordinal).Select(client => (client, Sum(cost => cost.Client == client)));

    /// <summary>By the reason of the request.</summary>
    public IEnumerable<(RequestKind Kind, Cost Cost)> ByKind =>
        costs.Select(cost => cost.Kind).Distinct().Order().Select(kind => (kind, Sum(cost => cost.Kind == kind)));

    /// <summary>Most tokens that a first request evaluated although they were known.</summary>
    public long WorstBeginning { get; private set; }

    public void Add(TraceRequest request, Cost cost)
    {
        costs.Add((request.Client, request.Kind, cost));
        if (request.Kind == RequestKind.First)
            WorstBeginning = Math.Max(WorstBeginning, cost.Prefilled - cost.New);
    }

    private Cost Sum(Func<(string Client, RequestKind Kind, Cost Cost), bool> isWanted) =>
        costs.Where(isWanted).Aggregate(new Cost(), (sum, cost) => sum + cost.Cost);
}

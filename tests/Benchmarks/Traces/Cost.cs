namespace Benchmarks.Traces;

/// <summary>What requests cost.</summary>
internal sealed record Cost
{
    public int Requests { get; init; }

    /// <summary>Tokens of the prompts, as far as they were wanted before the client left.</summary>
    public long Prompt { get; init; }

    /// <summary>Of those, tokens that follow no beginning that was ever evaluated.</summary>
    public long New { get; init; }

    /// <summary>Tokens that were evaluated.</summary>
    public long Prefilled { get; init; }

    /// <summary>Calls of the engine for them; each but one per request is a stop.</summary>
    public int Calls { get; init; }

    /// <summary>Checkpoints that were given up for memory.</summary>
    public int Evictions { get; init; }

    /// <summary>Tokens that were evaluated again because of that.</summary>
    public long Lost { get; init; }

    /// <summary>1 = nothing is evaluated twice.</summary>
    public double Ratio => New == 0 ? 1 : (double)Prefilled / New;

    public static Cost operator +(Cost a, Cost b) => new()
    {
        Requests = a.Requests + b.Requests,
        Prompt = a.Prompt + b.Prompt,
        New = a.New + b.New,
        Prefilled = a.Prefilled + b.Prefilled,
        Calls = a.Calls + b.Calls,
        Evictions = a.Evictions + b.Evictions,
        Lost = a.Lost + b.Lost,
    };
}

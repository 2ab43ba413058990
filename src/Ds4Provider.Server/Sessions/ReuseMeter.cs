namespace Ds4Provider.Server.Sessions;

/// <summary>Counts what was reused and what that saved, since the start. Thread-safe.</summary>
internal sealed class ReuseMeter
{
    private readonly Lock gate = new();
    private readonly long[] tokens = new long[Enum.GetValues<ReuseSource>().Length];
    private readonly long[] prompts = new long[Enum.GetValues<ReuseSource>().Length];
    private long evaluated;
    private double evaluationSeconds;

    /// <summary>Counts where a prompt went on.</summary>
    public void Begun(ReuseSource source, int cached)
    {
        lock (gate)
        {
            prompts[(int)source]++;
            tokens[(int)source] += cached;
        }
    }

    /// <summary>Counts an evaluation, which tells what a token costs.</summary>
    public void Evaluated(int count, TimeSpan taken)
    {
        lock (gate)
        {
            evaluated += count;
            evaluationSeconds += taken.TotalSeconds;
        }
    }

    /// <summary>Tokens of a source that need not be evaluated, and the prompts that they belong to.</summary>
    public (long Prompts, long Tokens) this[ReuseSource source]
    {
        get
        {
            lock (gate)
                return (prompts[(int)source], tokens[(int)source]);
        }
    }

    /// <summary>Time that evaluating all reused tokens would have taken.</summary>
    public double SecondsSaved
    {
        get
        {
            lock (gate)
                return evaluated == 0 ? 0 : tokens.Sum() * evaluationSeconds / evaluated;
        }
    }

    /// <summary>Share of all prompt tokens that were reused; 0 before the first prompt.</summary>
    public double Share
    {
        get
        {
            lock (gate)
                return tokens.Sum() is > 0 and var reused ? (double)reused / (reused + evaluated) : 0;
        }
    }
}

using Ds4Provider.Engine.Constraints;

namespace Ds4Provider.Engine.Sampling;

/// <summary>Temperature, min-p, top-p and top-k over one distribution; its buffers are reused from token to token.</summary>
internal sealed class Sampler : ISampler
{
    private const int LargestTopK = 1024;

    private readonly double _temperature;
    private readonly double _topP;
    private readonly double _minP;
    private readonly int _topK;
    private readonly XorShift _random;
    private readonly TopTokens _top;
    private int[] _ids = [];
    private float[] _keys = [];
    private double[] _weights = [];

    /// <summary>Creates a sampler; shares out of range mean "off", as <see cref="SamplingOptions"/> says.</summary>
    public Sampler(SamplingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _temperature = Math.Min(options.Temperature, float.MaxValue);
        _topP = options.TopP is > 0 and <= 1 ? options.TopP : 1;
        _minP = options.MinP is >= 0 ? Math.Min(options.MinP, 1) : 0;
        _topK = Math.Clamp(options.TopK, 0, LargestTopK);
        _top = new TopTokens(_topK);
        _random = new XorShift(options.Seed ?? Random.Shared.NextInt64());
    }

    /// <inheritdoc/>
    public int Sample(ReadOnlySpan<float> logits, TokenSet? allowed)
    {
        var best = Best(logits, allowed);
        if (!(_temperature > 0))
        {
            return best;
        }

        Reserve(logits.Length);
        var choice = new AllowedLogits(logits, allowed is null ? [] : allowed.Words);
        if (_topK > 0)
        {
            return DrawSorted(choice, _top.Keep(choice, _ids), total: null, best);
        }

        return _topP >= 1 ? DrawUnsorted(choice, best) : DrawNucleus(choice, best);
    }

    /// <inheritdoc/>
    public int Best(ReadOnlySpan<float> logits, TokenSet? allowed)
    {
        if (allowed is not null && allowed.VocabularySize != logits.Length)
        {
            throw new ArgumentException($"The set is over {allowed.VocabularySize} tokens, but there are {logits.Length} logits.", nameof(allowed));
        }

        var best = new AllowedLogits(logits, allowed is null ? [] : allowed.Words).FindBest(out var notANumber);
        return notANumber >= 0 ? throw NotANumber(notANumber, logits[notANumber])
            : best < 0 ? throw new EngineException(EngineStatus.InvalidArgument, "Every token is masked or impossible: there is none to choose.")
            : float.IsPositiveInfinity(logits[best]) ? throw NotANumber(best, logits[best])
            : best;
    }

    private void Reserve(int size)
    {
        if (_ids.Length != size)
        {
            _ids = new int[size];
            _weights = new double[size];
        }
    }

    private static EngineException NotANumber(int id, float logit) => new(
        EngineStatus.Poisoned,
        $"The model computed {logit} for token {id}: its weights or its state are damaged. Start the request anew; if it comes again, check the model file.");

    /// <summary>Probability relative to the best token.</summary>
    private double Weight(AllowedLogits choice, int id, int best) => Math.Exp(((double)choice[id] - choice[best]) / _temperature);

    /// <summary>Draws among all tokens of at least min-p, in id order.</summary>
    private int DrawUnsorted(AllowedLogits choice, int best)
    {
        // Comparing logits spares the exponential of nearly the whole vocabulary.
        var kept = choice.Collect(LeastLogit(choice, _minP, best), _ids);
        var total = 0.0;
        for (var i = 0; i < kept; i++)
        {
            total += _weights[i] = Weight(choice, _ids[i], best);
        }

        return Draw(kept, total);
    }

    private int DrawNucleus(AllowedLogits choice, int best)
    {
        var total = choice.SumOfWeights(choice[best], _temperature);

        // Sorting all would cost more than anything else here; the nucleus nearly always lies in the first few tokens.
        foreach (var share in (ReadOnlySpan<double>)[1e-2, 1e-5, 0])
        {
            var kept = choice.Collect(LeastLogit(choice, Math.Max(share, _minP), best), _ids);
            var covered = 0.0;
            for (var i = 0; i < kept; i++)
            {
                covered += Weight(choice, _ids[i], best);
            }

            if (share <= _minP || covered >= _topP * total)
            {
                SortByLogit(choice, kept);
                return DrawSorted(choice, kept, total, best);
            }
        }

        throw new InvalidOperationException("A share of 0 keeps every token.");
    }

    /// <summary>Walks the sorted ids: stops before min-p is missed and after top-p is reached; draws among the walked.</summary>
    private int DrawSorted(AllowedLogits choice, int count, double? total, int best)
    {
        for (var i = 0; i < count; i++)
        {
            _weights[i] = Weight(choice, _ids[i], best);
        }

        var whole = total ?? Sum(_weights.AsSpan(0, count));
        var kept = 0;
        var covered = 0.0;
        while (kept < count && _weights[kept] >= _minP)
        {
            covered += _weights[kept++];
            if (covered >= _topP * whole && _topP < 1)
            {
                break;
            }
        }

        return Draw(kept, covered);
    }

    private int Draw(int count, double total)
    {
        var rest = _random.NextDouble() * total;
        for (var i = 0; i < count - 1; i++)
        {
            rest -= _weights[i];
            if (rest < 0)
            {
                return _ids[i];
            }
        }

        return _ids[count - 1];
    }

    private float LeastLogit(AllowedLogits choice, double share, int best) =>
        share <= 0 ? float.NegativeInfinity : (float)(choice[best] + (_temperature * Math.Log(share)));

    /// <summary>Highest logit first, lowest id of equals: the ids come in their order.</summary>
    private void SortByLogit(AllowedLogits choice, int count)
    {
        if (_keys.Length < count)
        {
            _keys = new float[_ids.Length];
        }

        for (var i = 0; i < count; i++)
        {
            _keys[i] = choice[_ids[i]];
        }

        var ids = _ids.AsSpan(0, count);
        var keys = _keys.AsSpan(0, count);
        keys.Sort(ids, static (left, right) => right.CompareTo(left));
        SortEquals(keys, ids);
    }

    /// <summary>The sort is not stable: puts the ids of equal logits back into their order.</summary>
    private static void SortEquals(ReadOnlySpan<float> keys, Span<int> ids)
    {
        for (var from = 0; from < ids.Length;)
        {
            var to = from + 1;
            while (to < ids.Length && keys[to] == keys[from])
            {
                to++;
            }

            ids[from..to].Sort();
            from = to;
        }
    }

    private static double Sum(ReadOnlySpan<double> values)
    {
        var sum = 0.0;
        foreach (var value in values)
        {
            sum += value;
        }

        return sum;
    }
}

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
    private readonly PriorityQueue<int, (float Logit, int Order)> _top = new();
    private float[] _logits = [];
    private int[] _ids = [];
    private double[] _weights = [];

    /// <summary>Creates a sampler; shares out of range mean "off", as <see cref="SamplingOptions"/> says.</summary>
    public Sampler(SamplingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _temperature = Math.Min(options.Temperature, float.MaxValue);
        _topP = options.TopP is > 0 and <= 1 ? options.TopP : 1;
        _minP = options.MinP is >= 0 ? Math.Min(options.MinP, 1) : 0;
        _topK = Math.Clamp(options.TopK, 0, LargestTopK);
        _random = new XorShift(options.Seed ?? Random.Shared.NextInt64());
    }

    /// <inheritdoc/>
    public int Sample(ReadOnlySpan<float> logits, ReadOnlySpan<int> masked)
    {
        var best = Best(logits, masked);
        if (!(_temperature > 0))
        {
            return best;
        }

        if (_topK > 0)
        {
            return DrawSorted(KeepTop(), total: null, best);
        }

        return _topP >= 1 ? DrawUnsorted(best) : DrawNucleus(best);
    }

    /// <inheritdoc/>
    public int Best(ReadOnlySpan<float> logits, ReadOnlySpan<int> masked)
    {
        Load(logits, masked);
        return FindBest();
    }

    private void Load(ReadOnlySpan<float> logits, ReadOnlySpan<int> masked)
    {
        if (_logits.Length != logits.Length)
        {
            _logits = new float[logits.Length];
            _ids = new int[logits.Length];
            _weights = new double[logits.Length];
        }

        logits.CopyTo(_logits);
        foreach (var id in masked)
        {
            _logits[id] = float.NegativeInfinity;
        }
    }

    /// <summary>The id of the highest logit, the lowest id on ties.</summary>
    private int FindBest()
    {
        var best = -1;
        var highest = float.NegativeInfinity;
        for (var id = 0; id < _logits.Length; id++)
        {
            var logit = _logits[id];
            if (logit > highest)
            {
                highest = logit;
                best = id;
            }
            else if (float.IsNaN(logit))
            {
                throw NotANumber(id, logit);
            }
        }

        return best < 0
            ? throw new EngineException(EngineStatus.InvalidArgument, "Every token is masked or impossible: there is none to choose.")
            : float.IsPositiveInfinity(highest) ? throw NotANumber(best, highest) : best;
    }

    private static EngineException NotANumber(int id, float logit) => new(
        EngineStatus.Poisoned,
        $"The model computed {logit} for token {id}: its weights or its state are damaged. Start the request anew; if it comes again, check the model file.");

    /// <summary>Probability relative to the best token.</summary>
    private double Weight(int id, int best) => Math.Exp(((double)_logits[id] - _logits[best]) / _temperature);

    /// <summary>Draws among all tokens of at least min-p, in id order.</summary>
    private int DrawUnsorted(int best)
    {
        // Comparing logits spares the exponential of nearly the whole vocabulary.
        var least = LeastLogit(_minP, best);
        var kept = 0;
        var total = 0.0;
        for (var id = 0; id < _logits.Length; id++)
        {
            if (_logits[id] < least || float.IsNegativeInfinity(_logits[id]))
            {
                continue;
            }

            total += _weights[kept] = Weight(id, best);
            _ids[kept++] = id;
        }

        return Draw(kept, total);
    }

    private int DrawNucleus(int best)
    {
        var total = 0.0;
        foreach (var logit in _logits)
        {
            total += Math.Exp(((double)logit - _logits[best]) / _temperature);
        }

        // Sorting all would cost more than anything else here; the nucleus nearly always lies in the first few tokens.
        foreach (var share in (ReadOnlySpan<double>)[1e-2, 1e-5, 0])
        {
            var least = LeastLogit(Math.Max(share, _minP), best);
            var kept = 0;
            var covered = 0.0;
            for (var id = 0; id < _logits.Length; id++)
            {
                if (_logits[id] >= least && !float.IsNegativeInfinity(_logits[id]))
                {
                    _ids[kept++] = id;
                    covered += Weight(id, best);
                }
            }

            if (share <= _minP || covered >= _topP * total)
            {
                SortByLogit(kept);
                return DrawSorted(kept, total, best);
            }
        }

        throw new InvalidOperationException("A share of 0 keeps every token.");
    }

    /// <summary>Puts the ids of the k highest logits in front, sorted; returns their number.</summary>
    private int KeepTop()
    {
        _top.Clear();
        for (var id = 0; id < _logits.Length; id++)
        {
            if (float.IsNegativeInfinity(_logits[id]))
            {
                continue;
            }

            // The queue's least entry is the lowest logit, of equals the highest id.
            if (_top.Count < _topK)
            {
                _top.Enqueue(id, (_logits[id], -id));
            }
            else
            {
                _top.EnqueueDequeue(id, (_logits[id], -id));
            }
        }

        var count = _top.Count;
        for (var i = count - 1; i >= 0; i--)
        {
            _ids[i] = _top.Dequeue();
        }

        return count;
    }

    /// <summary>Walks the sorted ids: stops before min-p is missed and after top-p is reached; draws among the walked.</summary>
    private int DrawSorted(int count, double? total, int best)
    {
        for (var i = 0; i < count; i++)
        {
            _weights[i] = Weight(_ids[i], best);
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

    private float LeastLogit(double share, int best) =>
        share <= 0 ? float.NegativeInfinity : (float)(_logits[best] + (_temperature * Math.Log(share)));

    private void SortByLogit(int count)
    {
        var logits = _logits;
        _ids.AsSpan(0, count).Sort((left, right) =>
            logits[left] != logits[right] ? logits[right].CompareTo(logits[left]) : left.CompareTo(right));
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

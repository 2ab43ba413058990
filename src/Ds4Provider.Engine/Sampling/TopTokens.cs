namespace Ds4Provider.Engine.Sampling;

/// <summary>The k most likely tokens, of equals those with the lowest ids. Not thread-safe.</summary>
internal sealed class TopTokens(int k) : ITopTokens
{
    private readonly PriorityQueue<int, (float Logit, int Order)> _queue = new();

    /// <inheritdoc/>
    public float Threshold { get; private set; }

    /// <inheritdoc/>
    public void Offer(int token, float logit)
    {
        // The queue's least entry is the lowest logit, of equals the highest id. Tokens come in the order of their ids,
        // so one that only equals the least entry never displaces it.
        if (_queue.Count < k)
        {
            _queue.Enqueue(token, (logit, -token));
        }
        else
        {
            _queue.EnqueueDequeue(token, (logit, -token));
        }

        if (_queue.Count == k && _queue.TryPeek(out _, out var least))
        {
            Threshold = least.Logit;
        }
    }

    /// <summary>Writes the ids of the k highest logits, sorted; returns their number.</summary>
    public int Keep(AllowedLogits choice, Span<int> ids)
    {
        _queue.Clear();
        Threshold = float.NegativeInfinity;
        choice.OfferAbove(this);
        var count = _queue.Count;
        for (var i = count - 1; i >= 0; i--)
        {
            ids[i] = _queue.Dequeue();
        }

        return count;
    }
}

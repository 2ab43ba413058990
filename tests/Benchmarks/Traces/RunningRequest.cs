namespace Benchmarks.Traces;

/// <summary>What the engine plays for one request, and what it saw of it. The engine's thread writes; read it when the request has ended.</summary>
/// <param name="reply">Tokens of the reply; the end-of-sentence follows.</param>
/// <param name="interruption">Where its client leaves.</param>
internal sealed class RunningRequest(IReadOnlyList<int> reply, Interruption interruption)
{
    private readonly TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource left = new();
    private TokenPosition at = TokenPosition.Nothing();
    private TokenPosition? prompt;

    /// <summary>The prompt, as far as it was evaluated.</summary>
    public int[] Prompt => (prompt ?? at).Tokens();

    /// <summary>Prompt and reply, as far as they were evaluated.</summary>
    public int[] Sequence => at.Tokens();

    /// <summary>Tokens of the prompt that were evaluated for this request.</summary>
    public int Prefilled { get; private set; }

    /// <summary>Calls of prefill: each but the last is a stop.</summary>
    public int Prefills { get; private set; }

    /// <summary>Tokens of the reply that were evaluated.</summary>
    public int Decoded { get; private set; }

    /// <summary>Tokens of the checkpoints that were given up for it; whole when the next request has begun.</summary>
    public List<int[]> Evicted { get; } = [];

    /// <summary>Ends when its client is to leave.</summary>
    public Task Reached => reached.Task;

    /// <summary>Tells the engine that the server knows that the client has left.</summary>
    public void Left() => left.SetResult();

    public void BeginPrefill() => Prefills++;

    /// <summary>Called before each tile of the prompt.</summary>
    public void BeforeTile(CancellationToken cancellationToken)
    {
        if (interruption.InPrefill && Prefilled >= interruption.After && !reached.Task.IsCompleted)
        {
            reached.SetResult();
            if (!cancellationToken.WaitHandle.WaitOne(Interruption.Patience))
                throw new TimeoutException("The server did not cancel a prompt whose client left.");
        }
    }

    public void PrefilledTile(int tokens, TokenPosition position)
    {
        Prefilled += tokens;
        at = position;
    }

    /// <summary>The token to sample next; null = the end-of-sentence.</summary>
    public int? Next(TokenPosition position)
    {
        at = position;
        prompt ??= position;
        // A prompt that needed no evaluation is left at the first token of its reply.
        if (interruption.Leaves && (interruption.InPrefill || Decoded >= interruption.After) && !reached.Task.IsCompleted)
        {
            reached.SetResult();
            if (!left.Task.Wait(Interruption.Patience))
                throw new TimeoutException("The server did not notice that the client of a reply left.");
        }
        return Decoded < reply.Count ? reply[Decoded] : null;
    }

    public void DecodedOne(TokenPosition position)
    {
        Decoded++;
        at = position;
    }
}

/// <summary>Where the client of a request leaves.</summary>
/// <param name="Leaves">Whether it does.</param>
/// <param name="InPrefill">While the prompt is evaluated, or while the reply is generated.</param>
/// <param name="After">After so many evaluated tokens of the prompt or of the reply.</param>
internal sealed record Interruption(bool Leaves, bool InPrefill, int After)
{
    /// <summary>Longest time for the server to notice.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static readonly Interruption None = new(false, false, 0);

    public static Interruption Prefill(int after) => new(true, true, after);

    public static Interruption Reply(int after) => new(true, false, after);
}

using Ds4Provider.Engine;

namespace Benchmarks.Traces;

/// <summary>A session of a <see cref="ReplayedModel"/>: the tokens that were evaluated.</summary>
internal sealed class ReplayedSession(ReplayedModel model, int contextLength) : ILanguageSession
{
    private const int Tile = 256;

    private readonly float[] logits = new float[model.Description.VocabularySize];

    /// <summary>What was evaluated.</summary>
    public TokenPosition At { get; private set; } = TokenPosition.Nothing();

    public int Position => At.Length;

    public int ContextLength => contextLength;

    public ReadOnlySpan<float> Logits
    {
        get
        {
            Array.Clear(logits);
            logits[model.Work().Next(At) ?? model.Tokenizer.Control.EndOfSentence] = 100;
            return logits;
        }
    }

    public void Prefill(ReadOnlySpan<int> tokens, Action<int>? progress, CancellationToken cancellationToken)
    {
        RunningRequest request = model.Work();
        request.BeginPrefill();
        for (int done = 0; done < tokens.Length;)
        {
            request.BeforeTile(cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            int tile = Math.Min(Tile, tokens.Length - done);
            At = At.Then(tokens.Slice(done, tile));
            request.PrefilledTile(tile, At);
            done += tile;
            progress?.Invoke(done);
        }
    }

    public void Decode(int token)
    {
        At = At.Then([token]);
        model.Work().DecodedOne(At);
    }

    public ISessionCheckpoint Checkpoint() => model.Keep(new ReplayedCheckpoint(model, At));

    public void Restore(ISessionCheckpoint checkpoint)
    {
        model.Work();
        At = ((ReplayedCheckpoint)checkpoint).At;
    }

    public void Dispose() => model.Release(this);
}

using System.Diagnostics;
using Ds4Provider.Engine;
using Ds4Provider.Engine.Tokenization;

namespace Benchmarks;

/// <summary>An engine that costs nothing and says one word many times; it notes when the next token is asked for.</summary>
internal sealed class OneWordModel(BytePairTokenizer tokenizer, int tokens) : ILanguageModel
{
    private readonly int _word = Word(tokenizer);
    private readonly int _tokens = tokens;

    /// <summary>Time of one decoded token.</summary>
    public TimeSpan Pace { get; init; }

    /// <summary>When each token's logits were read, to sample from them.</summary>
    public List<long> Asked { get; } = [];

    public ModelDescription Description { get; } = new("replayed", tokenizer.VocabularySize, 100_000);

    public ITokenizer Tokenizer => tokenizer;

    public long StateBytes => 0;

    public long EstimateSessionBytes(int contextLength, EngineMode mode) => 1;

    public ILanguageSession CreateSession(int contextLength, EngineMode mode) => new Session(this, contextLength);

    public void Decode(IReadOnlyList<ILanguageSession> sessions, ReadOnlySpan<int> tokens) => throw new NotSupportedException();

    public ISessionCheckpoint LoadCheckpoint(Stream stream, ISessionCheckpoint? baseCheckpoint) => throw new NotSupportedException();

    public void Dispose()
    {
    }

    private static int Word(BytePairTokenizer tokenizer)
    {
        var ids = new List<int>();
        tokenizer.Encode(" word", ids);
        return ids[0];
    }

    private sealed record State(int Position) : ISessionCheckpoint
    {
        public StateBytes Bytes => new(1, 0);

        public long GetStreamBytes(ISessionCheckpoint? baseCheckpoint) => throw new NotSupportedException();

        public void Save(Stream stream, ISessionCheckpoint? baseCheckpoint) => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }

    private sealed class Session(OneWordModel model, int contextLength) : ILanguageSession
    {
        private readonly float[] _logits = new float[model.Description.VocabularySize];
        private int _decoded;

        public int Position { get; private set; }

        public int ContextLength => contextLength;

        public ReadOnlySpan<float> Logits
        {
            get
            {
                var ends = _decoded >= model._tokens;
                _logits[model._word] = ends ? 0 : 10;
                _logits[model.Tokenizer.Control.EndOfSentence] = ends ? 10 : 0;
                model.Asked.Add(Stopwatch.GetTimestamp());
                return _logits;
            }
        }

        public void Prefill(ReadOnlySpan<int> tokens, Action<int>? progress, CancellationToken cancellationToken) => Position += tokens.Length;

        public void Decode(int token)
        {
            Position++;
            _decoded++;
            if (model.Pace > TimeSpan.Zero)
            {
                Thread.Sleep(model.Pace);
            }
        }

        public ISessionCheckpoint Checkpoint() => new State(Position);

        public void Restore(ISessionCheckpoint checkpoint) => Position = checkpoint.Position;

        public void Dispose()
        {
        }
    }
}

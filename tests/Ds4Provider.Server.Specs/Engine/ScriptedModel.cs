using System.Collections.Concurrent;
using Ds4Provider.Engine;
using Ds4Provider.Engine.Tokenization;

namespace Ds4Provider.Server.Specs.Engine;

/// <summary>
/// A model whose logits force scripted tokens: the n-th prefill that ends begins the n-th reply. It can be slow and can
/// fail, and it counts what it is asked to evaluate.
/// </summary>
internal sealed class ScriptedModel(int contextLength = 4096) : ILanguageModel
{
    private static readonly int Dot = new ScriptedTokenizer().Encode(".")[0];

    private readonly ConcurrentQueue<Script> scripts = new();
    private readonly ConcurrentQueue<int> prefills = new();
    private int sessions;
    private int decoded;

    public ModelDescription Description { get; } = new("scripted", new ScriptedTokenizer().VocabularySize, contextLength);

    public ITokenizer Tokenizer { get; } = new ScriptedTokenizer();

    /// <summary>Tokens of a tile.</summary>
    public int Tile { get; init; } = 16;

    /// <summary>Called before each tile; may block.</summary>
    public Action? BeforeTile { get; set; }

    /// <summary>Called before each decoded token; may block.</summary>
    public Action? BeforeDecode { get; set; }

    /// <summary>Whether the logits are not numbers, as after a fault of the hardware.</summary>
    public bool LogitsAreDamaged { get; set; }

    /// <summary>Tokens that each finished or cancelled prefill evaluated.</summary>
    public IReadOnlyCollection<int> Prefills => prefills;

    public int Sessions => Volatile.Read(ref sessions);

    public int Decoded => Volatile.Read(ref decoded);

    public bool IsDisposed { get; private set; }

    public ScriptedModel Replies(params Script[] replies)
    {
        foreach (Script reply in replies)
            scripts.Enqueue(reply);
        return this;
    }

    public long EstimateSessionBytes(int contextLength, EngineMode mode) => 1;

    public ILanguageSession CreateSession(int contextLength, EngineMode mode)
    {
        mode.ShouldBe(EngineMode.Fast);
        Interlocked.Increment(ref sessions);
        return new Session(this, contextLength);
    }

    public void Dispose() => IsDisposed = true;

    private sealed class Session(ScriptedModel model, int contextLength) : ILanguageSession
    {
        private readonly float[] logits = new float[model.Description.VocabularySize];
        private IReadOnlyList<int> reply = [];
        private bool ends;
        private int next;

        public int Position { get; private set; }

        public int ContextLength => contextLength;

        public ReadOnlySpan<float> Logits
        {
            get
            {
                int token = next < reply.Count ? reply[next] : ends ? model.Tokenizer.Control.EndOfSentence : Dot;
                Array.Clear(logits);
                logits[Dot] = 1; // what is sampled when the scripted token is masked
                logits[token] = model.LogitsAreDamaged ? float.NaN : 100;
                return logits;
            }
        }

        public void Prefill(ReadOnlySpan<int> tokens, Action<int>? progress, CancellationToken cancellationToken)
        {
            CheckRoom(tokens.Length);
            int done = 0;
            try
            {
                while (done < tokens.Length)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    model.BeforeTile?.Invoke();
                    int tile = Math.Min(model.Tile, tokens.Length - done);
                    done += tile;
                    Position += tile;
                    progress?.Invoke(done);
                }
            }
            finally
            {
                model.prefills.Enqueue(done);
            }
            Script script = model.scripts.TryDequeue(out Script? scripted) ? scripted : new Script().Think("").Say("ok");
            reply = script.Tokens;
            ends = script.Ends;
            next = 0;
        }

        public void Decode(int token)
        {
            CheckRoom(1);
            model.BeforeDecode?.Invoke();
            Position++;
            next++;
            Interlocked.Increment(ref model.decoded);
        }

        public void Dispose()
        {
        }

        private void CheckRoom(int tokens)
        {
            if (Position + tokens > contextLength)
                throw new EngineException(EngineStatus.ContextFull, "The context is full.");
        }
    }
}

using System.Collections.Concurrent;
using Ds4Provider.Engine;
using Ds4Provider.Engine.Tokenization;

namespace Ds4Provider.Server.Specs.Engine;

/// <summary>
/// A model whose logits force scripted tokens: the n-th time that logits are wanted after a prefill begins the n-th reply.
/// It can be slow and can fail, and it counts what it is asked to evaluate.
/// </summary>
internal sealed class ScriptedModel(int contextLength = 4096) : ILanguageModel
{
    private static readonly int Dot = new ScriptedTokenizer().Encode(".")[0];

    private readonly ConcurrentQueue<Script> scripts = new();
    private readonly ConcurrentQueue<int> prefills = new();
    private int sessions;
    private int decoded;
    private int together;
    private int tiles;
    private int refusedStates;

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

    /// <summary>Whether there is no memory for another state.</summary>
    public bool StatesDoNotFit { get; set; }

    /// <summary>States for which there was none.</summary>
    public int RefusedStates => Volatile.Read(ref refusedStates);

    /// <summary>Tokens that were evaluated in a row without a token sampled or decoded between, or until cancelled.</summary>
    public IReadOnlyCollection<int> Prefills => prefills;

    public int Sessions => Volatile.Read(ref sessions);

    public int Decoded => Volatile.Read(ref decoded);

    /// <summary>Tiles that were begun.</summary>
    public int Tiles => Volatile.Read(ref tiles);

    /// <summary>How often several sessions decoded together.</summary>
    public int Together => Volatile.Read(ref together);

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

    public long StateBytes => 0;

    public void Decode(IReadOnlyList<ILanguageSession> sessions, ReadOnlySpan<int> tokens)
    {
        for (int i = 0; i < sessions.Count; i++)
            sessions[i].Decode(tokens[i]);
        Interlocked.Increment(ref together);
    }

    public ISessionCheckpoint LoadCheckpoint(Stream stream, ISessionCheckpoint? baseCheckpoint)
    {
        using var reader = new BinaryReader(stream, System.Text.Encoding.UTF8, leaveOpen: true);
        return new State(reader.ReadInt32(), null, 0);
    }

    /// <param name="Position">Tokens that were evaluated.</param>
    /// <param name="Reply">The reply that the logits force; null = the next one, when they are wanted.</param>
    /// <param name="Next">Its next token.</param>
    private sealed record State(int Position, Script? Reply, int Next) : ISessionCheckpoint
    {
        private const int FixedBytes = 1 << 20;

        public StateBytes Bytes => new(FixedBytes, 0);

        public long GetStreamBytes(ISessionCheckpoint? baseCheckpoint) => sizeof(int);

        public void Save(Stream stream, ISessionCheckpoint? baseCheckpoint)
        {
            using var writer = new BinaryWriter(stream, System.Text.Encoding.UTF8, leaveOpen: true);
            writer.Write(Position);
        }

        public void Dispose()
        {
        }
    }

    private sealed class Session(ScriptedModel model, int contextLength) : ILanguageSession
    {
        private readonly float[] logits = new float[model.Description.VocabularySize];
        private State state = new(0, null, 0);
        private int prefilled;

        public int Position => state.Position;

        public int ContextLength => contextLength;

        public ReadOnlySpan<float> Logits
        {
            get
            {
                EndPrefill();
                if (state.Reply is null)
                    state = state with { Reply = model.scripts.TryDequeue(out Script? scripted) ? scripted : new Script().Think("").Say("ok") };
                IReadOnlyList<int> reply = state.Reply.Tokens;
                int token = state.Next < reply.Count ? reply[state.Next] : state.Reply.Ends ? model.Tokenizer.Control.EndOfSentence : Dot;
                Array.Clear(logits);
                logits[Dot] = 1; // what is sampled when the scripted token is masked
                logits[token] = model.LogitsAreDamaged ? float.NaN : 100;
                return logits;
            }
        }

        public void Prefill(ReadOnlySpan<int> tokens, Action<int>? progress, CancellationToken cancellationToken)
        {
            CheckRoom(tokens.Length);
            for (int done = 0; done < tokens.Length;)
            {
                if (cancellationToken.IsCancellationRequested)
                    EndPrefill();
                cancellationToken.ThrowIfCancellationRequested();
                model.BeforeTile?.Invoke();
                Interlocked.Increment(ref model.tiles);
                int tile = Math.Min(model.Tile, tokens.Length - done);
                done += tile;
                prefilled += tile;
                state = new State(state.Position + tile, null, 0);
                progress?.Invoke(done);
            }
        }

        private void EndPrefill()
        {
            if (prefilled > 0)
                model.prefills.Enqueue(prefilled);
            prefilled = 0;
        }

        public void Decode(int token)
        {
            CheckRoom(1);
            model.BeforeDecode?.Invoke();
            state = state with { Position = state.Position + 1, Next = state.Next + 1 };
            Interlocked.Increment(ref model.decoded);
        }

        public ISessionCheckpoint Checkpoint()
        {
            if (!model.StatesDoNotFit)
                return state;
            Interlocked.Increment(ref model.refusedStates);
            throw new EngineException(EngineStatus.OutOfMemory, "There is no memory for a checkpoint.");
        }

        public void Restore(ISessionCheckpoint checkpoint) => state = (State)checkpoint;

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

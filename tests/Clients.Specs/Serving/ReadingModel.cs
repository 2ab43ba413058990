using System.Collections.Concurrent;
using System.Text;
using Ds4Provider.Engine;
using Ds4Provider.Engine.Tokenization;
using Ds4Provider.Server.Specs.Engine;

namespace Clients.Specs.Serving;

/// <summary>
/// A model that reads its prompt and forces the tokens of a scripted reply by what it finds there, in whatever order the
/// requests come. It takes its time to read, so that clients also meet what the server sends meanwhile.
/// </summary>
/// <param name="answer">The reply to a prompt.</param>
internal sealed class ReadingModel(Func<string, Script> answer) : ILanguageModel
{
    private const int Tile = 1024;

    // An agent's first prompt takes a second then, and the smallest one several signs of life.
    private static readonly TimeSpan TimePerToken = TimeSpan.FromMicroseconds(20);

    private readonly ConcurrentQueue<Reading> readings = new();

    /// <summary>Tokens are bytes, mostly: an agent's first request alone has fifty thousand.</summary>
    public ModelDescription Description { get; } = new("scripted", new ScriptedTokenizer().VocabularySize, 1 << 18);

    public ITokenizer Tokenizer { get; } = new ScriptedTokenizer();

    /// <summary>Every prompt that was answered, in the order of the answers.</summary>
    public IReadOnlyList<Reading> Readings => [.. readings];

    public long StateBytes => 0;

    public long EstimateSessionBytes(int contextLength, EngineMode mode) => 1;

    public ILanguageSession CreateSession(int contextLength, EngineMode mode) => new Session(this, contextLength);

    public void Decode(IReadOnlyList<ILanguageSession> sessions, ReadOnlySpan<int> tokens)
    {
        for (int i = 0; i < sessions.Count; i++)
            sessions[i].Decode(tokens[i]);
    }

    public ISessionCheckpoint LoadCheckpoint(Stream stream, ISessionCheckpoint? baseCheckpoint)
    {
        using var reader = new BinaryReader(stream, Encoding.UTF8, leaveOpen: true);
        int[] tokens = new int[reader.ReadInt32()];
        for (int i = 0; i < tokens.Length; i++)
            tokens[i] = reader.ReadInt32();
        return new State(tokens, null, 0);
    }

    public void Dispose()
    {
    }

    private Script Answer(IReadOnlyList<int> tokens, int evaluated)
    {
        var bytes = new List<byte>(tokens.Count * 2);
        foreach (int token in tokens)
            bytes.AddRange(Tokenizer.Bytes(token));
        string prompt = Encoding.UTF8.GetString([.. bytes]);
        readings.Enqueue(new Reading(prompt, tokens.Count, evaluated));
        return answer(prompt);
    }

    /// <param name="Tokens">What was evaluated.</param>
    /// <param name="Reply">The reply that the logits force; null = not chosen yet.</param>
    /// <param name="Next">Its next token.</param>
    private sealed record State(int[] Tokens, Script? Reply, int Next) : ISessionCheckpoint
    {
        public int Position => Tokens.Length;

        public StateBytes Bytes => new(GetStreamBytes(null), 0);

        public long GetStreamBytes(ISessionCheckpoint? baseCheckpoint) => sizeof(int) * (1L + Tokens.Length);

        public void Save(Stream stream, ISessionCheckpoint? baseCheckpoint)
        {
            using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
            writer.Write(Tokens.Length);
            foreach (int token in Tokens)
                writer.Write(token);
        }

        public void Dispose()
        {
        }
    }

    private sealed class Session(ReadingModel model, int contextLength) : ILanguageSession
    {
        private readonly float[] logits = new float[model.Description.VocabularySize];
        private readonly List<int> tokens = [];
        private int evaluated;
        private Script? reply;
        private int next;

        public int Position => tokens.Count;

        public int ContextLength => contextLength;

        public ReadOnlySpan<float> Logits
        {
            get
            {
                if (reply is null)
                {
                    reply = model.Answer(tokens, evaluated);
                    evaluated = 0;
                }
                Array.Clear(logits);
                logits[next < reply.Tokens.Count ? reply.Tokens[next] : model.Tokenizer.Control.EndOfSentence] = 100;
                return logits;
            }
        }

        public void Prefill(ReadOnlySpan<int> tail, Action<int>? progress, CancellationToken cancellationToken)
        {
            for (int done = 0; done < tail.Length;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                ReadOnlySpan<int> read = tail.Slice(done, Math.Min(Tile, tail.Length - done));
                Thread.Sleep(TimePerToken * read.Length);
                Append(read);
                evaluated += read.Length;
                done += read.Length;
                (reply, next) = (null, 0);
                progress?.Invoke(done);
            }
        }

        public void Decode(int token)
        {
            Append([token]);
            next++;
        }

        public ISessionCheckpoint Checkpoint() => new State([.. tokens], reply, next);

        public void Restore(ISessionCheckpoint checkpoint)
        {
            var state = (State)checkpoint;
            tokens.Clear();
            tokens.AddRange(state.Tokens);
            (reply, next, evaluated) = (state.Reply, state.Next, 0);
        }

        public void Dispose()
        {
        }

        private void Append(ReadOnlySpan<int> more)
        {
            if (tokens.Count + more.Length > contextLength)
                throw new EngineException(EngineStatus.ContextFull, "The context is full.");
            tokens.AddRange(more);
        }
    }
}

/// <summary>A prompt that was answered.</summary>
/// <param name="Prompt">Its text, control tokens included.</param>
/// <param name="Tokens">Its tokens.</param>
/// <param name="Evaluated">Of those, how many were evaluated for it; the others were there from before.</param>
internal sealed record Reading(string Prompt, int Tokens, int Evaluated);

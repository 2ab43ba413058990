using Ds4Provider.Engine;
using Ds4Provider.Engine.Tokenization;

namespace Benchmarks.Traces;

/// <summary>
/// An engine that computes nothing: its logits force the reply of the running request. It keeps the tokens that each
/// session and checkpoint really holds, and the bytes that they would hold in the published model. One request at a time.
/// </summary>
/// <param name="tokenizer">Any vocabulary.</param>
/// <param name="time">Passes with the work.</param>
internal sealed class ReplayedModel(ITokenizer tokenizer, ReplayedTime time) : ILanguageModel
{
    /// <summary>Window, compressor and logits of one state, whatever its length.</summary>
    private const long FixedBytes = 24L << 20;

    /// <summary>Compressed rows of one token in all layers.</summary>
    private const long TokenBytes = 8L << 10;

    private const int Context = 1 << 20;

    private readonly Lock gate = new();
    private readonly HashSet<object> held = [];
    private RunningRequest request = new([], Interruption.None);
    private RunningRequest? next;

    public ModelDescription Description { get; } = new("replayed", tokenizer.VocabularySize, Context);

    public ITokenizer Tokenizer => tokenizer;

    public long StateBytes
    {
        get
        {
            lock (gate)
                return (held.Count * FixedBytes) + (TokenPosition.Distinct(held.Select(PositionOf)) * TokenBytes);
        }
    }

    /// <summary>Plays a reply as soon as the engine begins to work for it; until then it may still keep the state of the last one.</summary>
    public void Play(RunningRequest running) => Volatile.Write(ref next, running);

    /// <summary>Called by the engine's thread when it works on a prompt or a reply.</summary>
    public RunningRequest Work()
    {
        if (Interlocked.Exchange(ref next, null) is { } begun)
        {
            time.Pass(request.Prefilled, request.Decoded);
            request = begun;
        }
        return request;
    }

    public long EstimateSessionBytes(int contextLength, EngineMode mode) => FixedBytes;

    public ILanguageSession CreateSession(int contextLength, EngineMode mode)
    {
        var session = new ReplayedSession(this, contextLength);
        Hold(session);
        return session;
    }

    public void Decode(IReadOnlyList<ILanguageSession> sessions, ReadOnlySpan<int> tokens)
    {
        for (int i = 0; i < sessions.Count; i++)
            sessions[i].Decode(tokens[i]);
    }

    public ISessionCheckpoint LoadCheckpoint(Stream stream, ISessionCheckpoint? baseCheckpoint) =>
        Keep(ReplayedCheckpoint.Load(this, stream, (ReplayedCheckpoint?)baseCheckpoint));

    /// <summary>Adds a checkpoint to what is held.</summary>
    public ReplayedCheckpoint Keep(ReplayedCheckpoint checkpoint)
    {
        Hold(checkpoint);
        return checkpoint;
    }

    public void Release(ReplayedSession session)
    {
        lock (gate)
            held.Remove(session);
    }

    public void Release(ReplayedCheckpoint checkpoint)
    {
        lock (gate)
        {
            if (held.Remove(checkpoint))
                request.Evicted.Add(checkpoint.At.Tokens());
        }
    }

    /// <summary>Bytes of a checkpoint that go with it, and those that others hold too.</summary>
    public StateBytes BytesOf(ReplayedCheckpoint checkpoint)
    {
        lock (gate)
        {
            IEnumerable<TokenPosition> others = held.Where(other => other != (object)checkpoint).Select(PositionOf);
            long own = TokenPosition.Distinct(held.Select(PositionOf)) - TokenPosition.Distinct(others);
            return new StateBytes(FixedBytes + (own * TokenBytes), (checkpoint.Position - own) * TokenBytes);
        }
    }

    public void Dispose()
    {
    }

    private void Hold(object state)
    {
        lock (gate)
            held.Add(state);
    }

    private static TokenPosition PositionOf(object state) => state is ReplayedSession session ? session.At : ((ReplayedCheckpoint)state).At;
}

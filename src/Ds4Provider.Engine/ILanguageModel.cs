using Ds4Provider.Engine.Tokenization;

namespace Ds4Provider.Engine;

/// <summary>
/// An opened model: weights, shape and vocabulary. Immutable and thread-safe, except that one compute call runs at a
/// time (<see cref="ILanguageSession.Prefill"/>, <see cref="ILanguageSession.Decode"/>). Dispose its sessions first.
/// </summary>
public interface ILanguageModel : IDisposable
{
    /// <summary>What is known about the model.</summary>
    ModelDescription Description { get; }

    /// <summary>The model's vocabulary and its encoder and decoder.</summary>
    ITokenizer Tokenizer { get; }

    /// <summary>Exact number of bytes that a session holds when its context is full; it allocates them as tokens come.</summary>
    /// <param name="contextLength">Tokens, 1 … <see cref="ModelDescription.ContextLength"/>.</param>
    /// <param name="mode">How the session calculates.</param>
    long EstimateSessionBytes(int contextLength, EngineMode mode);

    /// <summary>Allocates the state of one sequence.</summary>
    /// <param name="contextLength">Tokens, 1 … <see cref="ModelDescription.ContextLength"/>.</param>
    /// <param name="mode">How the session calculates.</param>
    /// <exception cref="EngineException">Out of range, or out of memory.</exception>
    ILanguageSession CreateSession(int contextLength, EngineMode mode);

    /// <summary>Bytes of the states of all sessions and checkpoints; what they share counts once.</summary>
    long StateBytes { get; }

    /// <summary>
    /// Evaluates one token of each of several sessions of one mode, reading every weight once for all of them. The result
    /// of each is the same, bit by bit, as alone.
    /// </summary>
    /// <param name="sessions">Different sessions of this model.</param>
    /// <param name="tokens">One token for each.</param>
    /// <exception cref="EngineException">A token is not of the vocabulary, or a context is full; nothing was evaluated then.</exception>
    void Decode(IReadOnlyList<ILanguageSession> sessions, ReadOnlySpan<int> tokens);

    /// <summary>Reads what <see cref="ISessionCheckpoint.Save"/> wrote, and nothing after its end. Not a compute call.</summary>
    /// <param name="stream">Gives the bytes.</param>
    /// <param name="baseCheckpoint">What it was saved against, or null.</param>
    /// <exception cref="EngineException">Damaged, cut off, of another version or model, or without its base: the message says which.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    ISessionCheckpoint LoadCheckpoint(Stream stream, ISessionCheckpoint? baseCheckpoint);
}

/// <summary>The state of one sequence. Not thread-safe.</summary>
public interface ILanguageSession : IDisposable
{
    /// <summary>Number of tokens evaluated.</summary>
    int Position { get; }

    /// <summary>Most tokens this session holds.</summary>
    int ContextLength { get; }

    /// <summary>Evaluates <paramref name="tokens"/> after those already there.</summary>
    /// <param name="tokens">Token ids.</param>
    /// <param name="progress">Called between tiles on the calling thread with the number of tokens of this call done.</param>
    /// <param name="cancellationToken">Stops at the next tile; the session stays valid at <see cref="Position"/>.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="EngineException">A token is not of the vocabulary, or the context is full.</exception>
    void Prefill(ReadOnlySpan<int> tokens, Action<int>? progress, CancellationToken cancellationToken);

    /// <summary>Evaluates one token.</summary>
    /// <exception cref="EngineException">The token is not of the vocabulary, or the context is full.</exception>
    void Decode(int token);

    /// <summary>
    /// Keeps the state at <see cref="Position"/>, 0 included. Costs a copy of the window, whatever the position. A compute call.
    /// </summary>
    /// <exception cref="EngineException">Out of memory.</exception>
    ISessionCheckpoint Checkpoint();

    /// <summary>
    /// Makes this session what the checkpoint's was: everything evaluated from there on is the same, bit by bit. Also
    /// revives a session after an error. A compute call.
    /// </summary>
    /// <param name="checkpoint">Of the same model and mode.</param>
    /// <exception cref="EngineException">It does not fit; the session is as before.</exception>
    void Restore(ISessionCheckpoint checkpoint);

    /// <summary>Logits of the last evaluated token, one per vocabulary entry; valid until the next call.</summary>
    ReadOnlySpan<float> Logits { get; }
}

/// <summary>What is known about an opened model.</summary>
/// <param name="Name">Name from the file.</param>
/// <param name="VocabularySize">Number of logits.</param>
/// <param name="ContextLength">Tokens the model was trained for.</param>
public sealed record ModelDescription(string Name, int VocabularySize, int ContextLength)
{
    /// <summary>SHA-256 (hex) over header, tensor table, file size and sampled blocks; equal for equal weights.</summary>
    public string Fingerprint { get; init; } = "";

    /// <summary>Backend that computes, e.g. <c>cpu</c>.</summary>
    public string Backend { get; init; } = "";

    /// <summary>Instruction sets in use.</summary>
    public string Kernels { get; init; } = "";

    /// <summary>Compute threads.</summary>
    public int Threads { get; init; }

    /// <summary>Bytes of the weights.</summary>
    public long WeightBytes { get; init; }
}

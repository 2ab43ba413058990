namespace Ds4Provider.Engine;

/// <summary>
/// The state that a session had at one position. Immutable and thread-safe; shares memory with the session and with other
/// checkpoints, and outlives both. Dispose it before the model.
/// </summary>
public interface ISessionCheckpoint : IDisposable
{
    /// <summary>Tokens that were evaluated.</summary>
    int Position { get; }

    /// <summary>Memory that it holds now.</summary>
    StateBytes Bytes { get; }

    /// <summary>Bytes that <see cref="Save"/> writes; 0 when the base does not fit.</summary>
    /// <param name="baseCheckpoint">A checkpoint of the first tokens of the same sequence, or null.</param>
    long GetStreamBytes(ISessionCheckpoint? baseCheckpoint);

    /// <summary>
    /// Writes the state, versioned and with checksums. Runs beside compute calls, on any thread. The stream does not say
    /// which tokens were evaluated.
    /// </summary>
    /// <param name="stream">Gets the bytes.</param>
    /// <param name="baseCheckpoint">
    /// A checkpoint of the first tokens of the same sequence, or null. What it has is left out, and it, or an equal one,
    /// is needed to load the stream.
    /// </param>
    /// <exception cref="EngineException">The base does not fit.</exception>
    /// <exception cref="IOException">The stream cannot be written.</exception>
    void Save(Stream stream, ISessionCheckpoint? baseCheckpoint);
}

/// <summary>Memory of a state.</summary>
/// <param name="Own">Bytes that nobody else holds.</param>
/// <param name="Shared">Bytes that others hold too.</param>
public readonly record struct StateBytes(long Own, long Shared);

namespace Benchmarks.Traces;

/// <summary>What is replayed, and on what.</summary>
internal sealed record TraceOptions
{
    /// <summary>Draws everything that happens.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The clients.</summary>
    public IReadOnlyList<ClientShape> Clients { get; init; } = ClientShape.All;

    /// <summary>Sessions of each client.</summary>
    public int Sessions { get; init; } = 4;

    /// <summary>Sessions of all clients that go on by turns.</summary>
    public int Interleaved { get; init; } = 5;

    /// <summary>
    /// Factor of all sizes of texts. The demo model's vocabulary is small and takes more tokens for the same text than the
    /// published one; half the characters are assumed to make up for it.
    /// </summary>
    public double Scale { get; init; } = 0.5;

    /// <summary>Slots of the server.</summary>
    public int Slots { get; init; } = 1;

    /// <summary>Bytes of all sessions and checkpoints, as they would be in the published model.</summary>
    public long StateBytes { get; init; } = 32L << 30;

    /// <summary>Whether the server is started anew before each request.</summary>
    public bool Restarts { get; init; }
}

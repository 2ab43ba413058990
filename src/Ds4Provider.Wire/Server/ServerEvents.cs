using System.Text.Json.Serialization;

namespace Ds4Provider.Wire.Server;

/// <summary>A line of the server's standard output, for the watchdog.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(ServerLoading), "loading")]
[JsonDerivedType(typeof(ServerReady), "ready")]
[JsonDerivedType(typeof(ServerWork), "work")]
[JsonDerivedType(typeof(ServerListening), "listening")]
[JsonDerivedType(typeof(ServerListenFailed), "listenFailed")]
[JsonDerivedType(typeof(ServerStopping), "stopping")]
[JsonDerivedType(typeof(ServerFailed), "failed")]
public abstract record ServerEvent;

/// <summary>The socket is bound; the model is being loaded.</summary>
/// <param name="Message">A short sentence for people.</param>
public sealed record ServerLoading(string Message) : ServerEvent;

/// <summary>Requests are answered.</summary>
/// <param name="Model">Model id.</param>
/// <param name="ContextWindow">Tokens a session holds.</param>
public sealed record ServerReady(string Model, int ContextWindow) : ServerEvent
{
    /// <summary>Backend and kernels that compute, e.g. <c>cpu, avx2</c> or <c>metal, Apple M3 Max</c>; null when the engine does not say.</summary>
    public string? ComputesOn { get; init; }
}

/// <summary>
/// Heartbeat of work: sent at most once a second while requests run, and once when the last one ends.
/// A busy server whose counters stand still is stuck.
/// </summary>
/// <param name="ActiveRequests">Requests running or queued.</param>
/// <param name="PrefilledTokens">Tokens prefilled since the start.</param>
/// <param name="GeneratedTokens">Tokens generated since the start.</param>
public sealed record ServerWork(int ActiveRequests, long PrefilledTokens, long GeneratedTokens) : ServerEvent
{
    /// <summary>What the server holds and reused.</summary>
    public ServerReuse? Reuse { get; init; }
}

/// <summary>What a server holds of earlier evaluation, and what that saved since its start.</summary>
/// <param name="Slots">Replies that can be generated at a time.</param>
/// <param name="Checkpoints">States to which a prompt can return.</param>
/// <param name="Share">Share of all prompt tokens that were not evaluated again, 0–1.</param>
/// <param name="SecondsSaved">Time that evaluating them would have taken.</param>
public sealed record ServerReuse(int Slots, int Checkpoints, double Share, double SecondsSaved)
{
    /// <summary>States of conversations on the disk.</summary>
    public int StoredStates { get; init; }

    /// <summary>Bytes of their files.</summary>
    public long StoredBytes { get; init; }
}

/// <summary>A TCP listener is open.</summary>
/// <param name="Address">Base address with the real port.</param>
public sealed record ServerListening(string Address) : ServerEvent;

/// <summary>A TCP listener could not be opened; the server goes on without it.</summary>
/// <param name="Message">What was wrong and what to do.</param>
public sealed record ServerListenFailed(string Message) : ServerEvent;

/// <summary>
/// The server was told to stop: it takes no more requests, and ends when what runs has been drained, which a long tile may
/// delay by seconds.
/// </summary>
public sealed record ServerStopping : ServerEvent;

/// <summary>The server cannot start; it ends after this line.</summary>
/// <param name="Message">What was wrong and where.</param>
/// <param name="Hint">What to do next.</param>
public sealed record ServerFailed(string Message, string Hint) : ServerEvent;

using System.Text.Json.Serialization;
using Ds4Provider.Wire.Server;

namespace Ds4Provider.Wire.Watchdog;

/// <summary>
/// A line of the watchdog protocol: newline-delimited JSON on the watchdog's Unix socket, in both directions.
/// The order of a conversation is <see cref="Hello"/> → <see cref="Welcome"/>, then any number of requests.
/// From <see cref="Acquire"/> on, the connection is the lease: it lives until the connection closes.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(Hello), "hello")]
[JsonDerivedType(typeof(Acquire), "acquire")]
[JsonDerivedType(typeof(Linger), "linger")]
[JsonDerivedType(typeof(StatusRequest), "status")]
[JsonDerivedType(typeof(Listen), "listen")]
[JsonDerivedType(typeof(Stop), "stop")]
[JsonDerivedType(typeof(Welcome), "welcome")]
[JsonDerivedType(typeof(Progress), "progress")]
[JsonDerivedType(typeof(Ready), "ready")]
[JsonDerivedType(typeof(Failed), "failed")]
[JsonDerivedType(typeof(Status), "statusReport")]
[JsonDerivedType(typeof(Listening), "listening")]
[JsonDerivedType(typeof(Stopping), "stopping")]
[JsonDerivedType(typeof(Notice), "notice")]
public abstract record WatchdogMessage;

/// <summary>Client's first line: who it is and which protocol it speaks.</summary>
/// <param name="V">Protocol version, <see cref="WatchdogProtocol.Version"/>.</param>
/// <param name="Client">Name shown to people, e.g. <c>agent</c>.</param>
/// <param name="Pid">Process id, for status output only.</param>
public sealed record Hello(int V, string Client, int Pid) : WatchdogMessage
{
    /// <summary>
    /// Package version of the watchdog that this client would start if there were none; null when it starts none. A watchdog
    /// of another version that nobody uses makes way for it: it ends and closes the connection without a welcome.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Version { get; init; }
}

/// <summary>Watchdog's answer to <see cref="Hello"/>.</summary>
/// <param name="V">Protocol version that the watchdog speaks.</param>
/// <param name="Version">Package version of the running watchdog.</param>
public sealed record Welcome(int V, string Version) : WatchdogMessage;

/// <summary>
/// Asks for a running model. Answered by any number of <see cref="Progress"/> lines and one <see cref="Ready"/> or
/// <see cref="Failed"/>. May be sent again on the same connection: after a crash of the server it waits for the next one.
/// </summary>
/// <param name="Model">Model id without the provider prefix: <c>deepseek-v4-flash</c> or <c>demo</c>.</param>
public sealed record Acquire(string Model) : WatchdogMessage
{
    /// <summary>
    /// Do not download weights yet: answer <see cref="FailureReason.DownloadNeeded"/> with the bytes that are missing, so
    /// that the client can ask its user and acquire again without this.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool AskBeforeDownload { get; init; }
}

/// <summary>Keeps the lease of this connection for a while after it closes, for a planned reconnect (host reload).</summary>
/// <param name="Seconds">How long, 0–600.</param>
public sealed record Linger(int Seconds) : WatchdogMessage;

/// <summary>Asks for one <see cref="Status"/>. Takes no lease.</summary>
public sealed record StatusRequest : WatchdogMessage;

/// <summary>Asks the server to listen on TCP as well. Needs a lease; answered by <see cref="Listening"/> or <see cref="Failed"/>.</summary>
/// <param name="Host">Address of an interface, e.g. <c>127.0.0.1</c>; other machines reach the server unless it is a loopback address.</param>
/// <param name="Port">Port, or 0 for a free one.</param>
public sealed record Listen(string Host, int Port) : WatchdogMessage;

/// <summary>The server's TCP listener is open.</summary>
/// <param name="Address">Base address, e.g. <c>http://127.0.0.1:18400</c>.</param>
/// <param name="ApiKey">Key that every TCP request must carry.</param>
public sealed record Listening(string Address, string ApiKey) : WatchdogMessage;

/// <summary>Asks the watchdog to stop the server and itself, whatever leases exist.</summary>
public sealed record Stop : WatchdogMessage;

/// <summary>The watchdog begins to stop; the connection closes when it has.</summary>
/// <param name="Reason">A sentence for people.</param>
public sealed record Stopping(string Reason) : WatchdogMessage;

/// <summary>Something that people who use a model should know; nothing follows from it.</summary>
/// <param name="Message">A sentence for people.</param>
public sealed record Notice(string Message) : WatchdogMessage;

/// <summary>One step of the way to a running model.</summary>
/// <param name="Phase">What is being done.</param>
/// <param name="Message">A short sentence for people.</param>
public sealed record Progress(SetupPhase Phase, string Message) : WatchdogMessage
{
    /// <summary>Units finished, when countable.</summary>
    public long? Done { get; init; }

    /// <summary>Units in all, when known.</summary>
    public long? Total { get; init; }

    /// <summary>What is counted: <c>bytes</c>, <c>tokens</c>, <c>files</c>.</summary>
    public string? Unit { get; init; }

    /// <summary>Units per second, when known.</summary>
    public double? Rate { get; init; }

    /// <summary>Estimated seconds left, when known.</summary>
    public double? Remaining { get; init; }
}

/// <summary>The model answers requests on <paramref name="Socket"/>.</summary>
/// <param name="Socket">Path of the server's Unix socket.</param>
/// <param name="Model">Model id.</param>
/// <param name="ContextWindow">Tokens that prompt and reply may hold together.</param>
public sealed record Ready(string Socket, string Model, int ContextWindow) : WatchdogMessage
{
    /// <summary>What the model is called for people, e.g. <c>DeepSeek V4 Flash (q2)</c>.</summary>
    public string? DisplayName { get; init; }

    /// <summary>Process id of the server, for status output and tests.</summary>
    public int ServerPid { get; init; }

    /// <summary>Backend and kernels that compute, e.g. <c>cpu, avx2</c> or <c>metal, Apple M3 Max</c>; null when the server does not say.</summary>
    public string? ComputesOn { get; init; }
}

/// <summary>The request cannot be served.</summary>
/// <param name="Reason">Machine-readable kind.</param>
/// <param name="Message">What was wrong and where.</param>
/// <param name="Hint">What to do next.</param>
public sealed record Failed(FailureReason Reason, string Message, string Hint) : WatchdogMessage
{
    /// <summary>Path of the log that has more, when there is one.</summary>
    public string? Log { get; init; }

    /// <summary>Bytes needed, for memory and disk failures.</summary>
    public long? NeededBytes { get; init; }

    /// <summary>Bytes found, for memory and disk failures.</summary>
    public long? FoundBytes { get; init; }
}

/// <summary>What the watchdog knows, for <c>ds4 status</c>.</summary>
/// <param name="Version">Package version of the watchdog.</param>
/// <param name="Pid">Its process id.</param>
/// <param name="Leases">Open leases.</param>
public sealed record Status(string Version, int Pid, IReadOnlyList<LeaseStatus> Leases) : WatchdogMessage
{
    /// <summary>Model that runs or is being set up.</summary>
    public string? Model { get; init; }

    /// <summary>Phase of that model.</summary>
    public SetupPhase? Phase { get; init; }

    /// <summary>Process id of the server, when it runs.</summary>
    public int? ServerPid { get; init; }

    /// <summary>Backend and kernels that compute, when the model is ready.</summary>
    public string? ComputesOn { get; init; }

    /// <summary>Restarts of the server since the watchdog started.</summary>
    public int Restarts { get; init; }

    /// <summary>Clients that wait until nobody uses another model, with the model that they want.</summary>
    public IReadOnlyList<LeaseStatus> Waiting { get; init; } = [];

    /// <summary>Requests that run or wait.</summary>
    public int ActiveRequests { get; init; }

    /// <summary>What the server holds and reused; null until it worked.</summary>
    public ServerReuse? Reuse { get; init; }
}

/// <summary>One open lease, or one that is waited for.</summary>
/// <param name="Client">Name from <see cref="Hello"/>.</param>
/// <param name="Pid">Process id from <see cref="Hello"/>.</param>
/// <param name="Model">Model asked for.</param>
public sealed record LeaseStatus(string Client, int Pid, string Model);

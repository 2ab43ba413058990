using CsCheck;
using Ds4Provider.Wire.Server;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Wire.Specs;

/// <summary>Random messages of every kind.</summary>
internal static class ProtocolGenerators
{
    private static readonly Gen<string?> MaybeText = Gen.OneOf(Gen.Const((string?)null), Gen.String.Select(text => (string?)text));
    private static readonly Gen<long?> MaybeLong = Gen.OneOf(Gen.Const((long?)null), Gen.Long.Select(value => (long?)value));
    private static readonly Gen<double?> MaybeRate = Gen.OneOf(Gen.Const((double?)null), Gen.Double[0, 1e9].Select(value => (double?)value));
    private static readonly Gen<SetupPhase> Phase = Gen.Enum<SetupPhase>();

    private static readonly string[] Values = ["null", "[]", "{}", "1e999", "\"\"", "true", "[[[[[[[[]]]]]]]]"];

    public static Gen<WatchdogMessage> WatchdogMessage { get; } = Gen.OneOf<WatchdogMessage>(
        Gen.Select(Gen.Int, Gen.String, Gen.Int, MaybeText, (v, client, pid, version) => (WatchdogMessage)new Hello(v, client, pid) { Version = version }),
        Gen.Select(Gen.Int, Gen.String, (v, version) => (WatchdogMessage)new Welcome(v, version)),
        Gen.String.Select(model => (WatchdogMessage)new Acquire(model)),
        Gen.Int.Select(seconds => (WatchdogMessage)new Linger(seconds)),
        Gen.Const((WatchdogMessage)new StatusRequest()),
        Gen.Const((WatchdogMessage)new Stop()),
        Gen.Select(Gen.String, Gen.Int, (host, port) => (WatchdogMessage)new Listen(host, port)),
        Gen.Select(Gen.String, Gen.String, (address, key) => (WatchdogMessage)new Listening(address, key)),
        Gen.String.Select(reason => (WatchdogMessage)new Stopping(reason)),
        Gen.String.Select(message => (WatchdogMessage)new Notice(message)),
        Gen.Select(Phase, Gen.String, MaybeLong, MaybeText, MaybeRate, (phase, message, done, unit, rate) =>
            (WatchdogMessage)new Progress(phase, message) { Done = done, Unit = unit, Rate = rate }),
        Gen.Select(Gen.String, Gen.String, Gen.Int, MaybeText, (socket, model, window, name) =>
            (WatchdogMessage)new Ready(socket, model, window) { DisplayName = name, ServerPid = window, ComputesOn = name }),
        Gen.Select(Gen.Enum<FailureReason>(), Gen.String, Gen.String, MaybeText, MaybeLong, (reason, message, hint, log, bytes) =>
            (WatchdogMessage)new Failed(reason, message, hint) { Log = log, NeededBytes = bytes }),
        Gen.Select(Gen.String, Gen.Int, Gen.Select(Gen.String, Gen.Int, Gen.String, (c, p, m) => new LeaseStatus(c, p, m)).List[0, 3], (version, pid, leases) =>
            (WatchdogMessage)new Status(version, pid, leases) { Phase = SetupPhase.Ready, ActiveRequests = pid, Reuse = new ServerReuse(1, pid, 0.5, 2) }));

    public static Gen<ServerEvent> ServerEvent { get; } = Gen.OneOf<ServerEvent>(
        Gen.String.Select(message => (ServerEvent)new ServerLoading(message)),
        Gen.Select(Gen.String, Gen.Int, (model, window) => (ServerEvent)new ServerReady(model, window)),
        Gen.Select(Gen.Int, Gen.Long, Gen.Long, (active, prefilled, generated) => (ServerEvent)new ServerWork(active, prefilled, generated) { Reuse = new ServerReuse(4, active, 0.25, generated) }),
        Gen.String.Select(address => (ServerEvent)new ServerListening(address)),
        Gen.String.Select(message => (ServerEvent)new ServerListenFailed(message)),
        Gen.Const((ServerEvent)new ServerStopping()),
        Gen.Select(Gen.String, Gen.String, (message, hint) => (ServerEvent)new ServerFailed(message, hint)));

    /// <summary>A valid line with a few bytes changed, removed or repeated, or plain noise.</summary>
    public static Gen<string> Mutated(Gen<string> valid) => Gen.OneOf(
        Gen.String,
        Gen.Select(valid, Gen.Int[0, 10_000], Gen.Char, (line, at, c) => line.Length == 0 ? "" : line.Remove(at % line.Length, 1).Insert(at % line.Length, c.ToString())),
        Gen.Select(valid, Gen.Int[0, 10_000], Gen.Int[0, 20], (line, at, n) => line.Length == 0 ? "" : line.Remove(at % line.Length, Math.Min(n, line.Length - at % line.Length))),
        Gen.Select(valid, valid, Gen.Int[0, 10_000], (a, b, at) => a.Insert(at % (a.Length + 1), b)),
        Gen.Select(valid, Gen.Int[0, Values.Length - 1].Select(i => Values[i]), (line, value) =>
            line.IndexOf(':', StringComparison.Ordinal) is var colon and >= 0 ? string.Concat(line.AsSpan(0, colon + 1), value, "}") : value));
}

using Ds4Provider.Watchdog.Connections;
using Ds4Provider.Watchdog.Supervision;
using Ds4Provider.Wire.Watchdog;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Watchdog.Leases;

/// <summary>
/// The watchdog's one mind: which leases are open, which model runs, and when all is over.
/// Threads: all state is touched by the mailbox only; connections, timers and runs post to it.
/// Rules: one model at a time. It runs while a lease wants it, and for the grace after the last one. Who wants another one waits.
/// Files by concern: requests of clients, who waits for another model, the run of a model, the grace and the end, what is logged.
/// </summary>
internal sealed partial class Coordinator : IConnectionOwner
{
    private readonly Mailbox _mailbox = new();
    private readonly IModelRunner _runner;
    private readonly TimeProvider _time;
    private readonly TimeSpan _grace;
    private readonly string _version;
    private readonly ILogger<Coordinator> _logger;
    private readonly IWakeLock _wakeLock;
    private readonly StrainWatch _strain;

    private readonly HashSet<ClientConnection> _connections = [];
    private readonly HashSet<ClientConnection> _undecided = [];
    private readonly Dictionary<ClientConnection, Lease> _held = [];
    private readonly List<Lease> _lingering = [];
    private readonly List<(ClientConnection Connection, IServerControl Server, Listening Listening)> _listening = [];
    private ActiveRun? _run;
    private int _restarts;
    private bool _ending;

    public Coordinator(
        IModelRunner runner, TimeProvider time, TimeSpan grace, string version, IWakeLock wakeLock, StrainWatch strain, ILogger<Coordinator> logger)
    {
        (_runner, _time, _grace, _version, _wakeLock, _strain, _logger) = (runner, time, grace, version, wakeLock, strain, logger);
        _mailbox.Post(AwaitFirstClient);
    }

    private IEnumerable<Lease> Leases => _held.Values.Concat(_lingering);

    /// <summary>Serves until the grace has passed or <see cref="StopServing"/> was called, and the server is gone.</summary>
    public Task RunAsync() => _mailbox.RunAsync();

    /// <summary>Stops the server, whatever leases exist, and ends.</summary>
    /// <param name="reason">A sentence that clients are told.</param>
    public void StopServing(string reason) => _mailbox.Post(() => End(reason));

    public Task<bool> MakesWayAsync(ClientConnection connection, string version) => _mailbox.AskAsync(() =>
    {
        if (!_ending && version != _version && !Leases.Any() && _undecided.Count == 0)
            End($"{connection.Client} (process {connection.Pid}) brings version {version}, and nobody uses version {_version}");
        return _ending;
    });

    public Task<bool> OpenedAsync(ClientConnection connection) => _mailbox.AskAsync(() =>
    {
        if (_ending)
            return false;
        _connections.Add(connection);
        _undecided.Add(connection);
        connection.Send(new Welcome(WatchdogProtocol.Version, _version));
        return true;
    });

    public Task ReceiveAsync(ClientConnection connection, WatchdogMessage message) => _mailbox.AskAsync(() =>
    {
        _undecided.Remove(connection);
        Answer(connection, message);
        return true;
    });

    public Task ClosedAsync(ClientConnection connection) => _mailbox.AskAsync(() =>
    {
        _connections.Remove(connection);
        _undecided.Remove(connection);
        _waiting.RemoveAll(waiting => waiting.Connection == connection);
        ReleaseListeners(connection);
        if (_held.Remove(connection, out Lease? lease))
            LetGo(lease);
        return true;
    });
}

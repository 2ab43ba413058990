using Ds4Provider.Watchdog.Connections;
using Ds4Provider.Watchdog.Leases;
using Ds4Provider.Wire.Watchdog;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Watchdog.Hosting;

/// <summary>
/// The watchdog as a hosted service. Being the only one of its user is a held lock: taken before the socket is touched,
/// released after the socket is unlinked. The host stops when the watchdog has nothing left to do.
/// </summary>
internal sealed partial class WatchdogService(
    WatchdogOptions options,
    Coordinator coordinator,
    BackupExclusion backups,
    TimeProvider time,
    IHostApplicationLifetime lifetime,
    ILogger<WatchdogService> logger) : BackgroundService
{
    private FileLock? _lock;
    private ConnectionListener? _listener;

    /// <summary>Takes the lock and binds the socket; the host does not start when it cannot.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        options.Paths.CreateDirectories();
        _lock = FileLock.TryAcquire(options.Paths.WatchdogLock);
        if (_lock is null)
        {
            LogAnotherRuns(logger, options.Paths.WatchdogLock);
            lifetime.StopApplication();
            return;
        }
        RemoveServerSockets();
        _listener = ConnectionListener.Bind(options.Paths.WatchdogSocket, time, logger);
        LogStarted(logger, options.Version, Environment.ProcessId, options.Paths.WatchdogSocket);
        await base.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Serves until the coordinator is done; a stop signal makes it finish early.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        CancellationTokenRegistration signal = stoppingToken.Register(() => coordinator.StopServing("it was told to by a signal"));
        await using (signal.ConfigureAwait(false))
        {
            try
            {
                _listener!.Start(coordinator);
                using var ended = new CancellationTokenSource();
                Task excluding = backups.ExcludeAsync([options.Paths.Models, options.Paths.Checkpoints], ended.Token);
                await coordinator.RunAsync().ConfigureAwait(false);
                await ended.CancelAsync().ConfigureAwait(false);
                await excluding.ConfigureAwait(false);
            }
            finally
            {
                await CloseAsync().ConfigureAwait(false);
                lifetime.StopApplication();
            }
        }
    }

    private async Task CloseAsync()
    {
        if (_listener is not null)
            await _listener.DisposeAsync().ConfigureAwait(false);
        RemoveServerSockets();
        _lock?.Dispose();
        LogStopped(logger);
    }

    /// <summary>Servers that were killed leave their sockets behind. Nobody needs a name that no watchdog announces.</summary>
    private void RemoveServerSockets()
    {
        foreach (string socket in Directory.EnumerateFiles(options.Paths.SocketDirectory, options.Paths.ServerSocketPrefix + "*"))
            File.Delete(socket);
    }

    [LoggerMessage(LogLevel.Information, "Watchdog {Version} (process {Pid}) listens on {Socket}")]
    private static partial void LogStarted(ILogger logger, string version, int pid, string socket);

    [LoggerMessage(LogLevel.Information, "Another watchdog holds {Lock}; this one is not needed")]
    private static partial void LogAnotherRuns(ILogger logger, string @lock);

    [LoggerMessage(LogLevel.Information, "The watchdog has stopped")]
    private static partial void LogStopped(ILogger logger);
}

namespace Ds4Provider.Wire.Watchdog;

/// <summary>
/// Finds the user's watchdog, or starts it. Any number of processes may do so at once: one starts it, under
/// <see cref="WatchdogPaths.StartLock"/>, and the others find it. Thread-safe.
/// </summary>
/// <param name="paths">Where client and watchdog meet.</param>
/// <param name="executable">Gives the path of <c>ds4</c>; called only when a watchdog must be started.</param>
/// <param name="environment">Reads a variable of this process.</param>
/// <param name="time">Clock of the waits.</param>
public sealed class WatchdogLauncher(
    WatchdogPaths paths, Func<CancellationToken, Task<string>> executable, Func<string, string?> environment, TimeProvider time)
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestYield = TimeSpan.FromSeconds(2);

    /// <summary>What comes before <c>watchdog</c> on its command line: the path of <c>ds4.dll</c> when the executable is <c>dotnet</c>.</summary>
    public IReadOnlyList<string> LeadingArguments { get; init; } = [];

    /// <summary>Package version of the watchdog that is started here. One of another version that nobody uses makes way for it.</summary>
    public string Version { get; init; } = WatchdogProtocol.PackageVersion;

    /// <summary>How long a started watchdog may take to answer.</summary>
    public TimeSpan StartLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long to wait for another client that is starting it.</summary>
    public TimeSpan LockLimit { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Connects to the running watchdog.</summary>
    /// <param name="client">Name shown to people, e.g. <c>agent</c>.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The connection, or null when none runs.</returns>
    /// <exception cref="WatchdogUnavailableException">It runs, but refuses or does not answer.</exception>
    public Task<WatchdogConnection?> TryConnectAsync(string client, CancellationToken cancellationToken) =>
        TryConnectAsync(client, version: null, cancellationToken);

    /// <summary>Connects to the watchdog; starts it when none runs.</summary>
    /// <param name="client">Name shown to people, e.g. <c>agent</c>.</param>
    /// <param name="cancellationToken">Ends the wait; a watchdog that was started goes on and ends by itself.</param>
    /// <exception cref="WatchdogUnavailableException">It cannot be started, refuses, or does not answer in time.</exception>
    public async Task<WatchdogConnection> ConnectAsync(string client, CancellationToken cancellationToken)
    {
        CreateDirectories();
        if (await TryConnectAsync(client, Version, cancellationToken).ConfigureAwait(false) is { } running)
            return running;
        string path = await executable(cancellationToken).ConfigureAwait(false);
        using FileLock starting = await LockAsync(cancellationToken).ConfigureAwait(false);
        using var limit = new Limit(StartLimit, time, cancellationToken);
        try
        {
            return await StartAsync(path, client, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error) when (limit.Reached)
        {
            throw NoAnswer(error);
        }
    }

    private async Task<WatchdogConnection?> TryConnectAsync(string client, string? version, CancellationToken cancellationToken)
    {
        using var limit = new Limit(StartLimit, time, cancellationToken);
        try
        {
            return await WatchdogConnection.TryOpenAsync(paths.WatchdogSocket, client, version, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error) when (limit.Reached)
        {
            throw NoAnswer(error);
        }
    }

    private async Task<WatchdogConnection> StartAsync(string path, string client, CancellationToken cancellationToken)
    {
        long logStart = LogTail.Length(paths.WatchdogOutput);
        WatchdogProcess? process = null;
        TimeSpan wait = FirstWait;
        TimeSpan yield = LongestWait;
        try
        {
            while (true)
            {
                // Whoever answers now was just started, by this client or by another one: it need not make way.
                if (await WatchdogConnection.TryOpenAsync(paths.WatchdogSocket, client, version: null, cancellationToken).ConfigureAwait(false) is { } connection)
                    return connection;
                if (process is { HasExited: true })
                {
                    if (process.ExitCode != 0)
                        throw await EndedAsync(path, process, logStart).ConfigureAwait(false);
                    // 0 = it met another one that is just ending: its turn comes when that one has gone.
                    process.Dispose();
                    process = null;
                    await Task.Delay(yield, time, cancellationToken).ConfigureAwait(false);
                    yield = yield * 2 < LongestYield ? yield * 2 : LongestYield;
                    continue;
                }
                process ??= WatchdogProcess.Start([path, .. LeadingArguments], paths, environment);
                await Task.Delay(wait, time, cancellationToken).ConfigureAwait(false);
                wait = wait * 2 < LongestWait ? wait * 2 : LongestWait;
            }
        }
        finally
        {
            process?.Dispose();
        }
    }

    private async Task<FileLock> LockAsync(CancellationToken cancellationToken)
    {
        using var limit = new Limit(LockLimit, time, cancellationToken);
        try
        {
            return await FileLock.AcquireAsync(paths.StartLock, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error) when (limit.Reached)
        {
            throw new WatchdogUnavailableException(
                FailureReason.StartFailed,
                $"Another program has been starting the watchdog for {LockLimit.TotalSeconds:0} s and holds {paths.StartLock}.",
                "Close the programs that use ds4 and try again.", paths.WatchdogOutput, error);
        }
        catch (IOException error)
        {
            throw new WatchdogUnavailableException(
                FailureReason.StartFailed, error.Message, "Set DS4_HOME to a directory on a local disk.", innerException: error);
        }
    }

    private void CreateDirectories()
    {
        try
        {
            paths.CreateDirectories();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new WatchdogUnavailableException(
                FailureReason.StartFailed,
                $"Cannot prepare the directories {paths.StateDirectory} and {paths.SocketDirectory}: {error.Message}",
                "They must be yours and writable; DS4_HOME and XDG_RUNTIME_DIR choose others.", innerException: error);
        }
    }

    private async Task<WatchdogUnavailableException> EndedAsync(string path, WatchdogProcess process, long logStart)
    {
        string said = (await process.ReadShellErrorsAsync().ConfigureAwait(false) + LogTail.Read(paths.WatchdogOutput, logStart)).Trim();
        return new WatchdogUnavailableException(
            FailureReason.StartFailed,
            $"The watchdog {path} ended with code {process.ExitCode} before it answered"
                + (said.Length > 0 ? $". It wrote: {said}" : " and wrote nothing."),
            $"See {paths.WatchdogOutput}.", paths.WatchdogOutput);
    }

    private WatchdogUnavailableException NoAnswer(Exception cause)
    {
        string said = LogTail.Read(paths.WatchdogOutput, from: 0);
        return new WatchdogUnavailableException(
            FailureReason.StartFailed,
            $"The watchdog did not answer on {paths.WatchdogSocket} within {StartLimit.TotalSeconds:0} s."
                + (said.Length > 0 ? $" Its output ends: {said}" : ""),
            $"See {paths.WatchdogOutput} and {paths.Logs}. If it stays like this, end the process that holds {paths.WatchdogLock}.", paths.WatchdogOutput, cause);
    }
}

using System.ComponentModel;
using Ds4Provider.Watchdog.Setup;
using Ds4Provider.Wire.Server;
using Ds4Provider.Wire.Watchdog;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Watchdog.Supervision;

/// <summary>Keeps one server alive for a prepared model: starts it, watches its work, starts it again, gives up in time.</summary>
internal sealed partial class ServerSupervisor(
    LaunchCommand command, SupervisionLimits limits, WatchdogPaths paths, TimeProvider time, ILogger<ServerSupervisor> logger)
{
    private readonly CrashReports _reports = new(paths, time, logger);
    private readonly string _socket = paths.ServerSocketOf(Environment.ProcessId);

    /// <summary>Supervises until <paramref name="stopping"/>; then drains and ends the server and returns.</summary>
    /// <exception cref="SetupException">The server cannot start, or keeps ending.</exception>
    public async Task RunAsync(PreparedModel model, IModelRunObserver observer, CancellationToken stopping)
    {
        var policy = new RestartPolicy(time);
        var listeners = new TcpListeners(paths, time, logger);
        while (true)
        {
            var attempt = new Attempt(model, observer, policy, listeners);
            if (await ServeAsync(attempt, stopping).ConfigureAwait(false) is not { } ending)
                return;
            string? report = _reports.Write(attempt.Describe(ending, time));
            LogEnded(logger, model.ModelId, ending, report, attempt.Said);
            TimeSpan delay = policy.Failed() ?? throw GivenUp(model, ending, attempt.Said, report);
            observer.Progress(new Progress(
                SetupPhase.Restarting, $"The server is started again: {ending}" + (report is null ? "" : $"; what is known stands in {report}")));
            try
            {
                await Task.Delay(delay, time, stopping).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>One life of the server. Returns why it ended, or <see langword="null"/> when it was to stop.</summary>
    private async Task<string?> ServeAsync(Attempt attempt, CancellationToken stopping)
    {
        ServerProcess server = await StartAsync(attempt.Model).ConfigureAwait(false);
        attempt.Begun(server.Pid, time.GetTimestamp());
        var watch = new WorkWatch(limits, time);
        try
        {
            while (await NextAsync(server, watch, stopping).ConfigureAwait(false) is { } serverEvent)
            {
                watch.Observe(serverEvent);
                Handle(serverEvent, server, attempt);
            }
            return await ExitAsync(server).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            await server.StopAsync(limits, time).ConfigureAwait(false);
            return null;
        }
        catch (TimeoutException)
        {
            LogStuck(logger, server.Pid, watch.Diagnosis);
            return watch.Diagnosis;
        }
        finally
        {
            attempt.Listeners.Detach();
            await server.DisposeAsync().ConfigureAwait(false);
            attempt.LastWords = server.LastWords;
        }
    }

    private async Task<ServerProcess> StartAsync(PreparedModel model)
    {
        File.Delete(_socket);
        var configuration = new ServerConfiguration(_socket, model.Library, model.ModelId, model.ModelPath, model.ContextWindow)
        {
            DisplayName = model.DisplayName,
            Temperature = model.Temperature,
            Slots = model.Slots,
            CheckpointFolder = paths.Checkpoints,
        };
        try
        {
            ServerProcess server = await ServerProcess.StartAsync(command, configuration, paths.ServerErrors, logger).ConfigureAwait(false);
            LogStarted(logger, server.Pid, model.ModelPath, model.ContextWindow);
            return server;
        }
        catch (Win32Exception exception)
        {
            throw new SetupException(
                FailureReason.StartFailed, $"The server {command.Executable} cannot be started: {exception.Message}", "Install Ds4Provider again.");
        }
    }

    private async Task<ServerEvent?> NextAsync(ServerProcess server, WorkWatch watch, CancellationToken stopping)
    {
        // What has been said counts before how long it took this process to hear it.
        if (!stopping.IsCancellationRequested && server.Events.TryRead(out ServerEvent? said))
            return said;
        using var impatient = new CancellationTokenSource(watch.Patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(impatient.Token, stopping);
        try
        {
            return await server.Events.WaitToReadAsync(both.Token).ConfigureAwait(false) && server.Events.TryRead(out ServerEvent? next)
                ? next
                : null;
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            throw new TimeoutException();
        }
    }

    private void Handle(ServerEvent serverEvent, ServerProcess server, Attempt attempt)
    {
        switch (serverEvent)
        {
            case ServerLoading loading:
                attempt.Observer.Progress(new Progress(SetupPhase.Loading, loading.Message));
                break;
            case ServerReady ready:
                attempt.Policy.Succeeded();
                attempt.WasReady = true;
                attempt.Listeners.Attach(server);
                attempt.Observer.Ready(
                    new Ready(_socket, ready.Model, ready.ContextWindow)
                    {
                        DisplayName = attempt.Model.DisplayName, ServerPid = server.Pid, ComputesOn = ready.ComputesOn,
                    },
                    attempt.Listeners);
                break;
            case ServerWork work:
                attempt.LastWork = work;
                attempt.Observer.Worked(work);
                break;
            case ServerStopping:
                attempt.Observer.Progress(new Progress(SetupPhase.Stopping, "The server was told to stop; it is started again"));
                break;
            case ServerListening or ServerListenFailed:
                attempt.Listeners.Observe(serverEvent);
                break;
            case ServerFailed failed:
                // The server knows its reason, and the next start would meet the same one.
                throw new SetupException(FailureReason.StartFailed, failed.Message, failed.Hint, paths.ServerLog);
        }
    }

    private async Task<string> ExitAsync(ServerProcess server)
    {
        using var limit = new CancellationTokenSource(limits.Terminate, time);
        try
        {
            int code = await server.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            return code > 128 ? $"it was ended by signal {code - 128}" : $"it ended with exit code {code}";
        }
        catch (OperationCanceledException)
        {
            return "it closed its output without ending";
        }
    }

    private SetupException GivenUp(PreparedModel model, string ending, string said, string? report) => new(
        FailureReason.StartFailed,
        $"The server for {model.ModelId} keeps failing; the last time {ending}." + (said.Length > 0 ? $" It said: {said}" : ""),
        "See the report; ask for the model again to try once more.",
        report ?? paths.ServerErrors);

    [LoggerMessage(LogLevel.Information, "Server {Pid} starts with {ModelPath}, context {ContextWindow}")]
    private static partial void LogStarted(ILogger logger, int pid, string modelPath, int contextWindow);

    [LoggerMessage(LogLevel.Error, "Server {Pid} is stuck and will be killed: {Diagnosis}")]
    private static partial void LogStuck(ILogger logger, int pid, string diagnosis);

    [LoggerMessage(LogLevel.Error, "The server for {Model} ended unexpectedly: {Ending}. Report: {Report}. Last errors: {Errors}")]
    private static partial void LogEnded(ILogger logger, string model, string ending, string? report, string errors);

    /// <summary>What one life of the server works with.</summary>
    private sealed record Attempt(PreparedModel Model, IModelRunObserver Observer, RestartPolicy Policy, TcpListeners Listeners)
    {
        private const int SaidLines = 8;

        private int _pid;
        private long _start;

        public IReadOnlyList<string> LastWords { get; set; } = [];

        /// <summary>The very last words in one line, empty when there were none.</summary>
        public string Said => string.Join("; ", LastWords.TakeLast(SaidLines));

        public bool WasReady { get; set; }

        public ServerWork? LastWork { get; set; }

        public void Begun(int pid, long timestamp) => (_pid, _start) = (pid, timestamp);

        public Crash Describe(string ending, TimeProvider time) =>
            new(_pid, ending, Model, time.GetElapsedTime(_start), WasReady, LastWork, LastWords);
    }
}

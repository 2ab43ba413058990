using System.Diagnostics;
using System.Text.Json;
using System.Threading.Channels;
using Ds4Provider.Watchdog.Posix;
using Ds4Provider.Wire.Server;
using Ds4Provider.Wire.Watchdog;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Watchdog.Supervision;

/// <summary>
/// One child that serves the model. Its standard input is the life line: the pipe's only other end is held by this
/// process, so the child sees its end whenever and however this process ends, SIGKILL included.
/// </summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ErrorTail _errors;
    private readonly ILogger _logger;
    private readonly Channel<ServerEvent> _events = Channel.CreateUnbounded<ServerEvent>(new UnboundedChannelOptions { SingleReader = true });
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Task _reading;

    private ServerProcess(Process process, string errorLog, ILogger logger)
    {
        (_process, _errors, _logger) = (process, new ErrorTail(errorLog), logger);
        Pid = process.Id;
        _reading = Task.WhenAll(ReadEventsAsync(), _errors.CopyAsync(process.StandardError));
    }

    /// <summary>Process id of the child.</summary>
    public int Pid { get; }

    /// <summary>What the child says, until it closes its standard output.</summary>
    public ChannelReader<ServerEvent> Events => _events.Reader;

    /// <summary>The last lines of the child's standard error.</summary>
    public IReadOnlyList<string> LastWords => _errors.Lines;

    /// <summary>Starts the child and hands it its configuration.</summary>
    public static async Task<ServerProcess> StartAsync(
        LaunchCommand command, ServerConfiguration configuration, string errorLog, ILogger logger)
    {
        var start = new ProcessStartInfo(command.Executable, command.Arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        foreach (string setting in WatchdogRuntime.Settings.Keys)
            start.Environment.Remove(setting);
        Process process = Process.Start(start) ?? throw new InvalidOperationException($"{command.Executable} was not started.");
        var server = new ServerProcess(process, errorLog, logger);
        await server.WriteLineAsync(ServerProtocol.Write(configuration)).ConfigureAwait(false);
        return server;
    }

    /// <summary>Sends a command. Nothing happens when the child is gone: its end is noticed elsewhere.</summary>
    public Task SendAsync(ServerCommand command) => WriteLineAsync(ServerProtocol.Write(command));

    /// <summary>Waits for the child's end; its exit code, 128 + signal when it was killed.</summary>
    public async Task<int> WaitForExitAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        return _process.ExitCode;
    }

    /// <summary>Ends the child: life line first, then SIGTERM, then SIGKILL. Only ever signals this child.</summary>
    public async Task StopAsync(SupervisionLimits limits, TimeProvider time)
    {
        CutLifeLine();
        if (await EndsWithinAsync(limits.Drain, time).ConfigureAwait(false))
            return;
        LogSignal(_logger, Pid, "SIGTERM", limits.Drain);
        if (!_process.HasExited)
            _ = Libc.Kill(Pid, Libc.SignalTerminate);
        if (await EndsWithinAsync(limits.Terminate, time).ConfigureAwait(false))
            return;
        LogSignal(_logger, Pid, "SIGKILL", limits.Terminate);
        Kill();
    }

    /// <summary>Ends the child at once.</summary>
    public void Kill()
    {
        if (!_process.HasExited)
            _process.Kill();
    }

    /// <summary>Makes sure that the child is gone and its output is read.</summary>
    public async ValueTask DisposeAsync()
    {
        Kill();
        await _process.WaitForExitAsync().ConfigureAwait(false);
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _process.Dispose();
    }

    private async Task<bool> EndsWithinAsync(TimeSpan limit, TimeProvider time)
    {
        Task exit = _process.WaitForExitAsync();
        using var abandoned = new CancellationTokenSource();
        await Task.WhenAny(exit, Task.Delay(limit, time, abandoned.Token)).ConfigureAwait(false);
        await abandoned.CancelAsync().ConfigureAwait(false);
        return exit.IsCompleted;
    }

    private void CutLifeLine()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The child closed its end first; the pipe is cut all the same.
        }
    }

    private async Task WriteLineAsync(string line)
    {
        await _writing.WaitAsync().ConfigureAwait(false);
        try
        {
            await _process.StandardInput.WriteLineAsync(line).ConfigureAwait(false);
            await _process.StandardInput.FlushAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            LogDeaf(_logger, Pid, exception.Message);
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task ReadEventsAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            try
            {
                _events.Writer.TryWrite(ServerProtocol.ReadEvent(line));
            }
            catch (JsonException)
            {
                // A library of the server may print; that must not end the model.
                LogChatter(_logger, Pid, line);
            }
        }
        _events.Writer.TryComplete();
    }

    [LoggerMessage(LogLevel.Warning, "Server {Pid} gets {Signal}: it did not end within {Limit}")]
    private static partial void LogSignal(ILogger logger, int pid, string signal, TimeSpan limit);

    [LoggerMessage(LogLevel.Debug, "Server {Pid} takes no more input: {Reason}")]
    private static partial void LogDeaf(ILogger logger, int pid, string reason);

    [LoggerMessage(LogLevel.Warning, "Server {Pid} printed a line that is no event: {Line}")]
    private static partial void LogChatter(ILogger logger, int pid, string line);
}

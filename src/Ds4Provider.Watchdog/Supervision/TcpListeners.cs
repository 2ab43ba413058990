using System.Buffers.Text;
using System.Security.Cryptography;
using Ds4Provider.Wire.Server;
using Ds4Provider.Wire.Watchdog;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Watchdog.Supervision;

/// <summary>
/// The TCP listeners of a run. The server answers listen commands in their order. After a restart the same addresses
/// are opened with the same key, so that clients outside keep working; key and port are remembered for later runs too.
/// A listener closes when the last of those that asked for it has gone. Thread-safe.
/// </summary>
internal sealed partial class TcpListeners(WatchdogPaths paths, TimeProvider time, ILogger logger) : IServerControl
{
    private const int KeyBytes = 32;
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(10);

    private readonly Lock _state = new();
    private readonly Queue<Request> _unanswered = new();
    private readonly List<Request> _open = [];
    private ServerProcess? _server;

    public async Task<Listening> ListenAsync(string host, int port, CancellationToken cancellationToken)
    {
        Request request;
        lock (_state)
        {
            // Two clients that want one address share it, also while it is being opened again after a restart.
            request = _open.Concat(_unanswered).FirstOrDefault(known => port != 0 && known.Asked.Host == host && known.Port == port)
                ?? Send(new Request(new TcpListenerConfiguration(host, port, Key())));
            request.Users++;
        }
        try
        {
            return await request.Answer.Task.WaitAsync(AnswerLimit, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            lock (_state)
                request.Users--;
            throw new SetupException(
                FailureReason.StartFailed, $"The server did not open {host}:{port} within {AnswerLimit.TotalSeconds:0} s.", "Try again, or see the server's log.");
        }
    }

    public void Release(Listening listening)
    {
        lock (_state)
        {
            if (_open.Concat(_unanswered).FirstOrDefault(known => known.Listening == listening) is not { } request || --request.Users > 0)
                return;
            // One that is being opened again after a restart has no address yet that could be closed: it is seen to when it has.
            if (_open.Remove(request))
                Close(request);
        }
    }

    /// <summary>A server is up: open again what the one before had open.</summary>
    public void Attach(ServerProcess server)
    {
        lock (_state)
        {
            _server = server;
            Request[] before = [.. _open];
            _open.Clear();
            foreach (Request open in before)
                Send(new Request(open.Asked with { Port = open.Port }) { Users = open.Users, Listening = open.Listening });
        }
    }

    /// <summary>The server is gone: nobody will answer any more.</summary>
    public void Detach()
    {
        lock (_state)
        {
            _server = null;
            while (_unanswered.TryDequeue(out Request? request))
                request.Answer.TrySetException(Gone());
        }
    }

    /// <summary>Takes a <see cref="ServerListening"/> or <see cref="ServerListenFailed"/>.</summary>
    public void Observe(ServerEvent answer)
    {
        lock (_state)
        {
            if (!_unanswered.TryDequeue(out Request? request))
                LogUnasked(logger, answer.ToString());
            else if (answer is ServerListening listening)
                Opened(request, listening.Address);
            else if (answer is ServerListenFailed failed)
                NotOpened(request, failed.Message);
        }
    }

    private void Opened(Request request, string address)
    {
        request.Listening = new Listening(address, request.Asked.ApiKey);
        request.Answer.TrySetResult(request.Listening);
        if (request.Users == 0)
        {
            Close(request);
            return;
        }
        _open.Add(request);
        Remember(request);
    }

    private void NotOpened(Request request, string message)
    {
        LogNotOpened(logger, request.Asked.Host, request.Asked.Port, message);
        request.Answer.TrySetException(new SetupException(FailureReason.PortInUse, message, "Choose another port, or 0 for a free one."));
        // A listener that is opened again after a restart has nobody who waits for the answer.
        _ = request.Answer.Task.Exception;
    }

    private Request Send(Request request)
    {
        if (_server is null)
            throw Gone();
        _unanswered.Enqueue(request);
        // The process writes one line after another in the order of these calls, which is the order of the queue.
        _ = _server.SendAsync(new ServerCommand(request.Asked));
        return request;
    }

    private static SetupException Gone() =>
        new(FailureReason.StartFailed, "The server ended before it could open the listener.", "Wait for ready and ask again.");

    private void Close(Request request)
    {
        if (_server is not null)
            _ = _server.SendAsync(new ServerCommand { Close = request.Listening.Address });
    }

    private string Key()
    {
        try
        {
            if (ListenerRecord.Read(paths) is { } record)
                return record.ApiKey;
            if (File.Exists(paths.Listener))
                LogDamaged(logger, paths.Listener);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogNotRemembered(logger, exception, paths.Listener);
        }
        return Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(KeyBytes));
    }

    private void Remember(Request request)
    {
        var record = ListenerRecord.Of(request.Port, request.Asked.ApiKey);
        try
        {
            if (ListenerRecord.Read(paths) != record)
                record.Write(paths);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The listener works; only the next one will have another port or key.
            LogNotRemembered(logger, exception, paths.Listener);
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Path} is damaged: clients get a new key")]
    private static partial void LogDamaged(ILogger logger, string path);

    [LoggerMessage(LogLevel.Warning, "{Path} cannot be used: the next listener may have another key")]
    private static partial void LogNotRemembered(ILogger logger, Exception exception, string path);

    [LoggerMessage(LogLevel.Warning, "The server answered a listen command that nobody sent: {Answer}")]
    private static partial void LogUnasked(ILogger logger, string answer);

    [LoggerMessage(LogLevel.Warning, "The server could not listen on {Host}:{Port}: {Reason}")]
    private static partial void LogNotOpened(ILogger logger, string host, int port, string reason);

    private sealed class Request(TcpListenerConfiguration asked)
    {
        public TcpListenerConfiguration Asked { get; } = asked;

        public TaskCompletionSource<Listening> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Connections that asked for it.</summary>
        public int Users { get; set; }

        public Listening Listening { get; set; } = new("", asked.ApiKey);

        /// <summary>The port that was really opened.</summary>
        public int Port => Uri.TryCreate(Listening.Address, UriKind.Absolute, out Uri? uri) ? uri.Port : Asked.Port;
    }
}

using System.Buffers.Text;
using System.Security.Cryptography;
using Ds4Provider.Wire.Server;
using Ds4Provider.Wire.Watchdog;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Watchdog.Supervision;

/// <summary>
/// The TCP listeners of a run. The server answers listen commands in their order. After a restart the same addresses
/// are opened with the same keys, so that clients outside keep working. Thread-safe.
/// </summary>
internal sealed partial class TcpListeners(TimeProvider time, ILogger logger) : IServerControl
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
                ?? Send(new Request(new TcpListenerConfiguration(host, port, NewKey())));
        }
        try
        {
            return await request.Answer.Task.WaitAsync(AnswerLimit, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new SetupException(
                FailureReason.StartFailed, $"The server did not open {host}:{port} within {AnswerLimit.TotalSeconds:0} s.", "Try again, or see the server's log.");
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
                Send(new Request(open.Asked with { Port = open.Port }));
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
        _open.Add(request);
        request.Answer.TrySetResult(request.Listening);
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

    private static string NewKey() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(KeyBytes));

    [LoggerMessage(LogLevel.Warning, "The server answered a listen command that nobody sent: {Answer}")]
    private static partial void LogUnasked(ILogger logger, string answer);

    [LoggerMessage(LogLevel.Warning, "The server could not listen on {Host}:{Port}: {Reason}")]
    private static partial void LogNotOpened(ILogger logger, string host, int port, string reason);

    private sealed class Request(TcpListenerConfiguration asked)
    {
        public TcpListenerConfiguration Asked { get; } = asked;

        public TaskCompletionSource<Listening> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Listening Listening { get; set; } = new("", asked.ApiKey);

        /// <summary>The port that was really opened.</summary>
        public int Port => Uri.TryCreate(Listening.Address, UriKind.Absolute, out Uri? uri) ? uri.Port : Asked.Port;
    }
}

using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Ds4Provider.Wire.Watchdog;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Watchdog.Connections;

/// <summary>
/// One client. Reads requests one at a time and hands each to the <see cref="IConnectionOwner"/>; writes answers from a
/// bounded queue. A client that does not read fills its queue and is dropped: it never makes anybody else wait.
/// </summary>
internal sealed partial class ClientConnection(Socket socket, IConnectionOwner owner, TimeProvider time, ILogger logger)
    : IDisposable
{
    private const int QueueLength = 256;
    private static readonly TimeSpan HelloLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FlushLimit = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _closed = new();
    private readonly Channel<WatchdogMessage> _outgoing = Channel.CreateBounded<WatchdogMessage>(
        new BoundedChannelOptions(QueueLength) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private volatile bool _closing;

    /// <summary>Name that the client gave itself.</summary>
    public string Client { get; private set; } = "unknown";

    /// <summary>Process id that the client gave; for people only, nothing is decided by it but the end of a linger.</summary>
    public int Pid { get; private set; }

    /// <summary>Queues a message. Never blocks and never throws.</summary>
    public void Send(WatchdogMessage message)
    {
        if (_outgoing.Writer.TryWrite(message) || _closing || _closed.IsCancellationRequested)
            return;
        LogSlowClient(logger, Client, Pid);
        _closed.Cancel();
    }

    /// <summary>Closes the connection once what is queued has been written, or after a second.</summary>
    public void CloseAfterFlush()
    {
        _closing = true;
        _outgoing.Writer.TryComplete();
        _closed.CancelAfter(FlushLimit);
    }

    /// <summary>Only after <see cref="RunAsync"/> has ended.</summary>
    public void Dispose() => _closed.Dispose();

    /// <summary>Serves the connection until either side closes it.</summary>
    public async Task RunAsync()
    {
        var stream = new NetworkStream(socket, ownsSocket: true);
        await using (stream.ConfigureAwait(false))
        {
            Task writing = WriteAsync(stream);
            try
            {
                await ReadAsync(stream).ConfigureAwait(false);
            }
            finally
            {
                CloseAfterFlush();
                // First the end of the lease, then the flush: a peer that does not read must not prolong it.
                await owner.ClosedAsync(this).ConfigureAwait(false);
                await writing.ConfigureAwait(false);
            }
        }
    }

    private async Task ReadAsync(Stream stream)
    {
        var channel = new WatchdogChannel(stream);
        try
        {
            if (!await GreetAsync(channel).ConfigureAwait(false))
                return;
            while (await channel.ReceiveAsync(_closed.Token).ConfigureAwait(false) is { } message)
                await owner.ReceiveAsync(this, message).ConfigureAwait(false);
        }
        catch (JsonException exception)
        {
            Refuse(FailureReason.BadRequest, $"This line is not part of the watchdog protocol: {exception.Message}");
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The client is gone or was dropped: its lease ends here.
        }
    }

    private async Task<bool> GreetAsync(WatchdogChannel channel)
    {
        using var limit = new CancellationTokenSource(HelloLimit, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _closed.Token);
        if (await channel.ReceiveAsync(both.Token).ConfigureAwait(false) is not { } first)
            return false;
        if (first is not Hello hello)
        {
            Refuse(FailureReason.BadRequest, "The first line must be a hello.");
            return false;
        }
        (Client, Pid) = (hello.Client, hello.Pid);
        if (hello.Version is { } version && await owner.MakesWayAsync(this, version).ConfigureAwait(false))
            return false;
        if (hello.V != WatchdogProtocol.Version)
        {
            Refuse(
                FailureReason.VersionMismatch,
                $"{hello.Client} speaks version {hello.V} of the watchdog protocol; the running watchdog speaks version {WatchdogProtocol.Version}.",
                "Close the other programs that use Ds4Provider, or run `ds4 stop`, so that the newer watchdog can start.");
            return false;
        }
        return await owner.OpenedAsync(this).ConfigureAwait(false);
    }

    private void Refuse(FailureReason reason, string message, string hint = "Use a Ds4Provider client of this version.")
    {
        LogRefused(logger, Client, Pid, message);
        Send(new Failed(reason, message, hint));
    }

    private async Task WriteAsync(Stream stream)
    {
        try
        {
            await foreach (WatchdogMessage message in _outgoing.Reader.ReadAllAsync(_closed.Token).ConfigureAwait(false))
            {
                byte[] line = Encoding.UTF8.GetBytes(WatchdogProtocol.Write(message) + "\n");
                await stream.WriteAsync(line, _closed.Token).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The reader notices the same end and reports it once.
        }
        finally
        {
            _outgoing.Writer.TryComplete();
            // A dropped client must also stop being read from.
            await _closed.CancelAsync().ConfigureAwait(false);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Client {Client} ({Pid}) does not read its messages; its connection is dropped")]
    private static partial void LogSlowClient(ILogger logger, string client, int pid);

    [LoggerMessage(LogLevel.Warning, "Client {Client} ({Pid}) was refused: {Reason}")]
    private static partial void LogRefused(ILogger logger, string client, int pid, string reason);
}

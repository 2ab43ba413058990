using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Ds4Provider.Wire.Watchdog;

/// <summary>
/// Messages over a stream, one JSON object per line, in both directions. Either end may use it.
/// Any number of callers may send; one at a time may receive.
/// </summary>
/// <param name="stream">The connection; closed with the channel.</param>
public sealed class WatchdogChannel(Stream stream) : IAsyncDisposable
{
    private readonly SemaphoreSlim _writing = new(1, 1);
    private byte[] _buffer = new byte[4096];
    private int _start;
    private int _end;

    /// <summary>Sends a message.</summary>
    /// <exception cref="IOException">The other side is gone.</exception>
    public async Task SendAsync(WatchdogMessage message, CancellationToken cancellationToken)
    {
        byte[] line = Encoding.UTF8.GetBytes(WatchdogProtocol.Write(message) + "\n");
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // Not cancellable half way: the rest of the line would be missing for every later message.
            await stream.WriteAsync(line, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Waits for a message. A cancelled wait loses nothing: the next one goes on where it stopped.</summary>
    /// <returns>The message, or null when the other side closed the connection or died.</returns>
    /// <exception cref="JsonException">The line is not a message, or is too long.</exception>
    public async ValueTask<WatchdogMessage?> ReceiveAsync(CancellationToken cancellationToken)
    {
        int scanned = 0;
        while (true)
        {
            int length = _buffer.AsSpan(_start + scanned, _end - _start - scanned).IndexOf((byte)'\n');
            if (length >= 0)
                return TakeLine(scanned + length);
            scanned = _end - _start;
            MakeRoom();
            int read = await ReadAsync(cancellationToken).ConfigureAwait(false);
            if (read == 0)
                return null;
            _end += read;
        }
    }

    /// <summary>Closes the connection; a waiting receiver gets null.</summary>
    public ValueTask DisposeAsync() => stream.DisposeAsync();

    private WatchdogMessage TakeLine(int length)
    {
        string line = Encoding.UTF8.GetString(_buffer, _start, length);
        _start += length + 1;
        return WatchdogProtocol.Read(line);
    }

    private void MakeRoom()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }
        if (_end < _buffer.Length)
            return;
        if (_buffer.Length >= WatchdogProtocol.MaximumLineLength)
            throw new JsonException($"A watchdog line exceeds the limit of {WatchdogProtocol.MaximumLineLength} bytes.");
        Array.Resize(ref _buffer, _buffer.Length * 2);
    }

    private async ValueTask<int> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
        }
        catch (IOException error) when (error.InnerException is SocketException or ObjectDisposedException)
        {
            // A peer that was killed resets the connection instead of closing it; and we may close it while we read.
            return 0;
        }
        catch (ObjectDisposedException)
        {
            return 0;
        }
    }
}

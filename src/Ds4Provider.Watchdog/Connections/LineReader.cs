using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace Ds4Provider.Watchdog.Connections;

/// <summary>Reads lines of UTF-8 with a limit, so that no peer can make this process hold an endless one.</summary>
internal sealed class LineReader(Stream stream, int maximumBytes) : IAsyncDisposable
{
    private readonly PipeReader _reader = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true));

    /// <summary>The next line without its line feed, or <see langword="null"/> at the end; an unfinished last line is dropped.</summary>
    /// <exception cref="InvalidDataException">The line is longer than the limit.</exception>
    public async ValueTask<string?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult result = await _reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            ReadOnlySequence<byte> buffer = result.Buffer;
            if (buffer.PositionOf((byte)'\n') is { } end)
            {
                ReadOnlySequence<byte> line = buffer.Slice(0, end);
                CheckLength(line.Length);
                string text = Encoding.UTF8.GetString(line);
                _reader.AdvanceTo(buffer.GetPosition(1, end));
                return text;
            }
            CheckLength(buffer.Length);
            _reader.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted)
                return null;
        }
    }

    public ValueTask DisposeAsync() => _reader.CompleteAsync();

    private void CheckLength(long length)
    {
        if (length > maximumBytes)
            throw new InvalidDataException($"A line exceeds the limit of {maximumBytes} bytes.");
    }
}

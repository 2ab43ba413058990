using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.Win32.SafeHandles;

namespace Ds4Provider.Watchdog.Setup.Weights.Download;

/// <summary>Fetches parts of a file and writes them where they belong. Trusts no header that it can check.</summary>
internal sealed class RangeFetch(HttpClient http, HubOrigin origin, SafeFileHandle file, long size, DownloadLimits limits)
{
    // One for each connection: what is not in them is in the sockets, whose buffers the system sizes.
    private const int BufferBytes = 128 << 10;

    /// <summary>Fetches what is missing of a run, as far as one response goes.</summary>
    /// <exception cref="OriginTroubleException">The response ended early, stalled, or was not the one that was asked for.</exception>
    /// <exception cref="LocationStaleException">The address does not serve the file any more.</exception>
    /// <exception cref="RangesUnsupportedException">The storage sends whole files only.</exception>
    public Task FetchAsync(ChunkRun run, FileLocation.Lease location, CancellationToken cancellationToken) =>
        SendAsync(location, new RangeHeaderValue(run.Position, run.End - 1), async (response, watch) =>
        {
            long end = Accept(response, run, location);
            await CopyAsync(response, run.Position, end, (bytes, position) =>
            {
                Write(bytes, position);
                run.Wrote(bytes.Length);
            }, watch).ConfigureAwait(false);
        }, cancellationToken);

    /// <summary>Reads the whole file and keeps what is missing.</summary>
    public Task FetchWholeAsync(ChunkMap map, FileLocation.Lease location, CancellationToken cancellationToken) =>
        SendAsync(location, range: null, async (response, watch) =>
        {
            if (response.StatusCode != HttpStatusCode.OK)
                throw HubOrigin.Trouble(response);
            if (response.Content.Headers.ContentLength is { } length && length != size)
                throw new LocationStaleException($"The origin has {length} bytes instead of {size}.");
            await CopyWholeAsync(map, response, watch).ConfigureAwait(false);
        }, cancellationToken);

    private async Task CopyWholeAsync(ChunkMap map, HttpResponseMessage response, StallWatch watch)
    {
        var runs = new Queue<ChunkRun>();
        try
        {
            while (map.Take(1) is { } missing)
                runs.Enqueue(missing);
            await CopyAsync(response, 0, size, (bytes, position) => Distribute(bytes, position, runs), watch).ConfigureAwait(false);
        }
        finally
        {
            foreach (ChunkRun run in runs)
                run.Release();
        }
    }

    private void Distribute(ReadOnlySpan<byte> bytes, long position, Queue<ChunkRun> runs)
    {
        while (bytes.Length > 0 && runs.TryPeek(out ChunkRun? run))
        {
            int skip = (int)Math.Clamp(run.Position - position, 0, bytes.Length);
            int wanted = (int)Math.Min(bytes.Length - skip, run.End - run.Position);
            Write(bytes.Slice(skip, wanted), position + skip);
            run.Wrote(wanted);
            bytes = bytes[(skip + wanted)..];
            position += skip + wanted;
            if (run.IsFinished)
                runs.Dequeue();
        }
    }

    private async Task SendAsync(
        FileLocation.Lease location, RangeHeaderValue? range, Func<HttpResponseMessage, StallWatch, Task> receive, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, location.File.Location);
        request.Headers.Range = range;
        request.Headers.Authorization = location.File.NeedsToken ? origin.Authorization : null;
        if (range is not null && location.Tag is { } tag)
            request.Headers.IfRange = new RangeConditionHeaderValue(tag);
        using var watch = new StallWatch(limits.Stall, cancellationToken);
        try
        {
            using HttpResponseMessage response =
                await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, watch.Token).ConfigureAwait(false);
            Refuse(response);
            await receive(response, watch).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new OriginTroubleException($"{location.File.Location.Authority} sent nothing for {limits.Stall.TotalSeconds:0.#} s");
        }
        catch (HttpRequestException exception)
        {
            throw new OriginTroubleException($"{location.File.Location.Authority}: {exception.Message}", inner: exception);
        }
        catch (IOException exception) // Of the network: those of the disk are wrapped where they happen.
        {
            throw new OriginTroubleException($"{location.File.Location.Authority} hung up", inner: exception);
        }
    }

    private static void Refuse(HttpResponseMessage response)
    {
        switch (response.StatusCode)
        {
            case HttpStatusCode.OK or HttpStatusCode.PartialContent:
                return;
            case HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound or HttpStatusCode.Gone
                or HttpStatusCode.PreconditionFailed or HttpStatusCode.RequestedRangeNotSatisfiable:
            // The storage itself may move on; the hub knows where to.
            case >= HttpStatusCode.Moved and <= HttpStatusCode.PermanentRedirect:
                throw new LocationStaleException($"{response.RequestMessage!.RequestUri!.Authority} answered {(int)response.StatusCode}");
            default:
                throw HubOrigin.Trouble(response);
        }
    }

    /// <summary>Checks that the response is a part of this file that begins where it was asked to.</summary>
    /// <returns>Offset of the byte after its last.</returns>
    private long Accept(HttpResponseMessage response, ChunkRun run, FileLocation.Lease location)
    {
        EntityTagHeaderValue? tag = response.Headers.ETag;
        if (response.StatusCode == HttpStatusCode.OK)
        {
            if (location.Tag is { } known && tag is not null && !tag.Equals(known))
                throw new LocationStaleException("The file was replaced.");
            throw new RangesUnsupportedException();
        }
        ContentRangeHeaderValue? range = response.Content.Headers.ContentRange;
        if (range is not { Unit: "bytes", From: { } from, To: { } to } || from != run.Position || to < from || to >= run.End)
            throw new OriginTroubleException($"{location.File.Location.Authority} sent the range \"{range}\" instead of {run.Position}-{run.End - 1}");
        if (range.Length is { } length && length != size)
            throw new LocationStaleException($"The origin has {length} bytes instead of {size}.");
        location.Seen(tag);
        return to + 1;
    }

    private delegate void Block(ReadOnlySpan<byte> bytes, long position);

    private static async Task CopyAsync(HttpResponseMessage response, long position, long end, Block write, StallWatch watch)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            Stream body = await response.Content.ReadAsStreamAsync(watch.Token).ConfigureAwait(false);
            await using (body.ConfigureAwait(false))
            {
                while (position < end)
                {
                    watch.Rearm();
                    int most = (int)Math.Min(buffer.Length, end - position);
                    int read = await body.ReadAsync(buffer.AsMemory(0, most), watch.Token).ConfigureAwait(false);
                    if (read == 0)
                        throw new OriginTroubleException($"The response ended {end - position} bytes early");
                    write(buffer.AsSpan(0, read), position);
                    position += read;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Write(ReadOnlySpan<byte> bytes, long position)
    {
        try
        {
            RandomAccess.Write(file, bytes, position);
        }
        catch (IOException exception)
        {
            throw DiskTrouble.Of(exception);
        }
    }

    /// <summary>Cancels what waits for bytes when none come.</summary>
    private sealed class StallWatch : IDisposable
    {
        private readonly CancellationTokenSource _source;
        private readonly TimeSpan _patience;

        public StallWatch(TimeSpan patience, CancellationToken cancellationToken)
        {
            (_patience, _source) = (patience, CancellationTokenSource.CreateLinkedTokenSource(cancellationToken));
            Rearm();
        }

        public CancellationToken Token => _source.Token;

        public void Rearm() => _source.CancelAfter(_patience);

        public void Dispose() => _source.Dispose();
    }
}

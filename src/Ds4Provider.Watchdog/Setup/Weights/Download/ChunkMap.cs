using System.Collections;

namespace Ds4Provider.Watchdog.Setup.Weights.Download;

/// <summary>
/// Which parts of a file are there, which are being fetched, and how far it is complete from its beginning. Runs are
/// handed out from the lowest missing offset, so that the hash can follow and a file without holes grows evenly.
/// </summary>
/// <remarks>Safe for concurrent use.</remarks>
internal sealed class ChunkMap
{
    private readonly Lock _gate = new();
    private readonly BitArray _done;
    private readonly BitArray _taken;
    private TaskCompletionSource _advanced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _frontier;
    private long _doneBytes;
    private long _begunBytes;

    /// <param name="size">Bytes of the file, at least 1.</param>
    /// <param name="chunkBytes">Bytes of a chunk; the last one may be shorter.</param>
    /// <param name="done">A bit for each chunk that is there, lowest first; null = none.</param>
    public ChunkMap(long size, int chunkBytes, byte[]? done = null)
    {
        (Size, ChunkBytes) = (size, chunkBytes);
        int count = CountOf(size, chunkBytes);
        _done = new BitArray(done ?? new byte[BitmapBytes(size, chunkBytes)]) { Length = count };
        _taken = new BitArray(_done);
        for (int chunk = 0; chunk < count; chunk++)
            _doneBytes += _done[chunk] ? LengthOf(chunk) : 0;
        Advance();
    }

    public long Size { get; }

    public int ChunkBytes { get; }

    public int Count => _done.Length;

    public long DoneBytes
    {
        get
        {
            lock (_gate)
                return _doneBytes;
        }
    }

    /// <summary>Bytes that have arrived, those of unfinished chunks too.</summary>
    public long ArrivedBytes
    {
        get
        {
            lock (_gate)
                return _doneBytes + _begunBytes;
        }
    }

    public bool IsComplete => DoneBytes == Size;

    /// <summary>Offset of the byte after the last chunk that is there.</summary>
    public long LastDoneByte
    {
        get
        {
            lock (_gate)
            {
                int chunk = Count - 1;
                while (chunk >= 0 && !_done[chunk])
                    chunk--;
                return chunk < 0 ? 0 : ((long)chunk * ChunkBytes) + LengthOf(chunk);
            }
        }
    }

    public static int BitmapBytes(long size, int chunkBytes) => (CountOf(size, chunkBytes) + 7) / 8;

    /// <summary>Bytes of a chunk.</summary>
    public int LengthOf(int chunk) => (int)Math.Min(ChunkBytes, Size - ((long)chunk * ChunkBytes));

    public bool IsDone(int chunk)
    {
        lock (_gate)
            return _done[chunk];
    }

    /// <summary>Takes the next missing chunks that nobody fetches, or null when there are none.</summary>
    /// <param name="most">Most chunks of the run, at least 1.</param>
    public ChunkRun? Take(int most)
    {
        lock (_gate)
        {
            int first = _frontier;
            while (first < Count && _taken[first])
                first++;
            if (first == Count)
                return null;
            int end = first;
            while (end < Count && end - first < most && !_taken[end])
                _taken[end++] = true;
            return new ChunkRun(this, first, end);
        }
    }

    /// <summary>Bytes of a chunk that is being fetched were written, or were given up when negative.</summary>
    public void Begun(long bytes)
    {
        lock (_gate)
            _begunBytes += bytes;
    }

    /// <summary>A chunk is on the disk.</summary>
    public void Complete(int chunk)
    {
        TaskCompletionSource? advanced = null;
        lock (_gate)
        {
            if (_done[chunk])
                return;
            (_done[chunk], _taken[chunk]) = (true, true);
            _doneBytes += LengthOf(chunk);
            _begunBytes -= LengthOf(chunk);
            if (chunk == _frontier)
            {
                Advance();
                (advanced, _advanced) = (_advanced, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            }
        }
        advanced?.SetResult();
    }

    /// <summary>Gives chunks back that were taken and not completed.</summary>
    public void Release(int first, int end)
    {
        lock (_gate)
        {
            for (int chunk = first; chunk < end; chunk++)
                _taken[chunk] = _done[chunk];
        }
    }

    /// <summary>Waits until the file is complete beyond a position.</summary>
    /// <returns>Bytes from the beginning that are there without a gap: more than <paramref name="position"/>.</returns>
    public async Task<long> WaitBeyondAsync(long position, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task advanced;
            lock (_gate)
            {
                long there = Math.Min((long)_frontier * ChunkBytes, Size);
                if (there > position)
                    return there;
                advanced = _advanced.Task;
            }
            await advanced.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A copy of the bits of all chunks that are there.</summary>
    public byte[] ToBitmap()
    {
        var bitmap = new byte[BitmapBytes(Size, ChunkBytes)];
        lock (_gate)
            _done.CopyTo(bitmap, 0);
        return bitmap;
    }

    private static int CountOf(long size, int chunkBytes) => checked((int)((size + chunkBytes - 1) / chunkBytes));

    private void Advance()
    {
        while (_frontier < Count && _done[_frontier])
            _frontier++;
    }
}

/// <summary>Neighbouring chunks that one connection fetches, and how far it has come.</summary>
/// <param name="map">Whose chunks they are.</param>
/// <param name="first">First chunk.</param>
/// <param name="end">The chunk after the last.</param>
internal sealed class ChunkRun(ChunkMap map, int first, int end)
{
    /// <summary>Offset in the file of the next byte to fetch.</summary>
    public long Position { get; private set; } = (long)first * map.ChunkBytes;

    /// <summary>Offset in the file of the byte after the last.</summary>
    public long End { get; } = Math.Min((long)end * map.ChunkBytes, map.Size);

    public bool IsFinished => Position == End;

    /// <summary>Bytes were written at <see cref="Position"/>.</summary>
    public void Wrote(int bytes)
    {
        int chunk = Chunk;
        Position += bytes;
        map.Begun(bytes);
        // A write may end several chunks only if it is longer than one: chunks are completed as they are passed.
        for (; chunk < end && ((long)chunk * map.ChunkBytes) + map.LengthOf(chunk) <= Position; chunk++)
            map.Complete(chunk);
    }

    /// <summary>Leaves what is not finished to others.</summary>
    public void Release()
    {
        if (IsFinished)
            return;
        map.Begun(((long)Chunk * map.ChunkBytes) - Position);
        map.Release(Chunk, end);
    }

    private int Chunk => (int)(Position / map.ChunkBytes);
}

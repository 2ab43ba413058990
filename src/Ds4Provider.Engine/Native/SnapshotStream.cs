using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Ds4Provider.Engine.Native;

/// <summary>A stream that the engine writes to or reads from, on the calling thread.</summary>
internal sealed unsafe class SnapshotStream : IDisposable
{
    private readonly Stream _stream;
    private GCHandle _self;
    private ExceptionDispatchInfo? _failure;

    public SnapshotStream(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        _stream = stream;
        _self = GCHandle.Alloc(this);
    }

    /// <summary>The engine's <c>ds4_write</c>.</summary>
    public static delegate* unmanaged[Cdecl]<void*, void*, nuint, int> Write => &WriteNext;

    /// <summary>The engine's <c>ds4_read</c>.</summary>
    public static delegate* unmanaged[Cdecl]<void*, void*, nuint, long> Read => &ReadNext;

    /// <summary>What the callbacks are given.</summary>
    public void* User => (void*)GCHandle.ToIntPtr(_self);

    /// <summary>Throws what the stream threw: an exception must not pass through frames of C.</summary>
    public void ThrowIfFailed() => _failure?.Throw();

    public void Dispose() => _self.Free();

    private static SnapshotStream Of(void* user) => (SnapshotStream)GCHandle.FromIntPtr((nint)user).Target!;

#pragma warning disable CA1031 // Whatever it is, it is thrown again by ThrowIfFailed on this very thread.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int WriteNext(void* user, void* data, nuint size)
    {
        var self = Of(user);
        try
        {
            for (nuint at = 0; at < size;)
            {
                var piece = (int)Math.Min(size - at, int.MaxValue);
                self._stream.Write(new ReadOnlySpan<byte>((byte*)data + at, piece));
                at += (nuint)piece;
            }

            return 0;
        }
        catch (Exception failure)
        {
            self._failure = ExceptionDispatchInfo.Capture(failure);
            return -1;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static long ReadNext(void* user, void* data, nuint size)
    {
        var self = Of(user);
        try
        {
            long done = 0;
            while ((nuint)done < size)
            {
                var piece = (int)Math.Min(size - (nuint)done, int.MaxValue);
                var read = self._stream.ReadAtLeast(new Span<byte>((byte*)data + done, piece), piece, throwOnEndOfStream: false);
                done += read;
                if (read < piece)
                {
                    break;
                }
            }

            return done;
        }
        catch (Exception failure)
        {
            self._failure = ExceptionDispatchInfo.Capture(failure);
            return -1;
        }
    }
#pragma warning restore CA1031
}

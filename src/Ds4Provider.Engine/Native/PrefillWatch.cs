using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Ds4Provider.Engine.Native;

/// <summary>
/// Progress and cancellation of one prefill: the flag that the engine polls, in unmanaged memory, and the callback that
/// it makes on the calling thread. Both end with this object.
/// </summary>
internal sealed unsafe class PrefillWatch : IDisposable
{
    private readonly Action<int>? _progress;
    private readonly int* _cancel;
    private readonly CancellationTokenRegistration _registration;
    private GCHandle _self;
    private ExceptionDispatchInfo? _failure;

    public PrefillWatch(Action<int>? progress, CancellationToken cancellationToken)
    {
        _progress = progress;
        _cancel = (int*)NativeMemory.AllocZeroed(sizeof(int));
        _self = GCHandle.Alloc(this);
        _registration = cancellationToken.UnsafeRegister(static watch => ((PrefillWatch)watch!).Cancel(), this);
    }

    public NativePrefillOptions Options => new()
    {
        Progress = _progress is null ? null : &Report,
        ProgressUser = (void*)GCHandle.ToIntPtr(_self),
        Cancel = _cancel,
    };

    /// <summary>Throws on what the progress callback threw: an exception must not pass through frames of C.</summary>
    public void ThrowIfFailed() => _failure?.Throw();

    public void Dispose()
    {
        // Waits for a running Cancel(), so that nobody writes to the flag once it is freed.
        _registration.Dispose();
        _self.Free();
        NativeMemory.Free(_cancel);
    }

    private void Cancel() => Volatile.Write(ref *_cancel, 1);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Report(void* user, ulong done, ulong total)
    {
        var watch = (PrefillWatch)GCHandle.FromIntPtr((nint)user).Target!;
        if (watch._failure is not null)
        {
            return;
        }

#pragma warning disable CA1031 // Whatever it is, it is thrown again by ThrowIfFailed on this very thread.
        try
        {
            watch._progress!((int)done);
        }
        catch (Exception failure)
        {
            watch._failure = ExceptionDispatchInfo.Capture(failure);
            watch.Cancel();
        }
#pragma warning restore CA1031
    }
}

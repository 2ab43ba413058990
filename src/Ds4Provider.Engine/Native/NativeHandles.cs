using System.Runtime.InteropServices;

namespace Ds4Provider.Engine.Native;

/// <summary>Owns a <c>ds4_model</c>.</summary>
internal sealed unsafe class ModelHandle(NativeLibraryApi api, void* model) : SafeHandle((nint)model, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        api.ModelClose((void*)handle);
        return true;
    }
}

/// <summary>Owns a <c>ds4_session</c> and keeps its model open: the engine wants sessions freed before their model.</summary>
internal sealed unsafe class SessionHandle : SafeHandle
{
    private readonly NativeLibraryApi _api;
    private readonly ModelHandle _model;

    public SessionHandle(NativeLibraryApi api, ModelHandle model, void* session)
        : base((nint)session, ownsHandle: true)
    {
        _api = api;
        _model = model;
        var added = false;
        model.DangerousAddRef(ref added);
    }

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        _api.SessionFree((void*)handle);
        _model.DangerousRelease();
        return true;
    }
}

/// <summary>Keeps a handle open during a call: a <c>Dispose</c> on another thread waits for its end.</summary>
internal readonly unsafe ref struct HandleLease
{
    private readonly SafeHandle _handle;

    /// <exception cref="ObjectDisposedException">The handle was closed.</exception>
    public HandleLease(SafeHandle handle)
    {
        var added = false;
        handle.DangerousAddRef(ref added);
        _handle = handle;
    }

    public void* Pointer => (void*)_handle.DangerousGetHandle();

    public void Dispose() => _handle.DangerousRelease();
}

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

/// <summary>Owns what belongs to a model, and keeps the model open: the engine wants it freed before its model.</summary>
internal abstract unsafe class ModelPartHandle : SafeHandle
{
    protected ModelPartHandle(ModelHandle model, void* part)
        : base((nint)part, ownsHandle: true)
    {
        Model = model;
        var added = false;
        model.DangerousAddRef(ref added);
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>The model.</summary>
    public ModelHandle Model { get; }

    protected abstract void Free(void* part);

    protected sealed override bool ReleaseHandle()
    {
        Free((void*)handle);
        Model.DangerousRelease();
        return true;
    }
}

/// <summary>Owns a <c>ds4_session</c>.</summary>
internal sealed unsafe class SessionHandle(NativeLibraryApi api, ModelHandle model, void* session) : ModelPartHandle(model, session)
{
    protected override void Free(void* part) => api.SessionFree(part);
}

/// <summary>Owns a <c>ds4_checkpoint</c>.</summary>
internal sealed unsafe class CheckpointHandle(NativeLibraryApi api, ModelHandle model, void* checkpoint) : ModelPartHandle(model, checkpoint)
{
    protected override void Free(void* part) => api.CheckpointFree(part);
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

namespace Ds4Provider.Engine.Native;

/// <summary>The state that a session of <c>libds4</c> had.</summary>
internal sealed unsafe class NativeCheckpoint : ISessionCheckpoint
{
    private readonly NativeLibraryApi _api;
    private readonly CheckpointHandle _handle;

    public NativeCheckpoint(NativeLibraryApi api, CheckpointHandle handle)
    {
        _api = api;
        _handle = handle;
        using var checkpoint = Lease();
        Position = checked((int)api.CheckpointPosition(checkpoint.Pointer));
    }

    /// <inheritdoc/>
    public int Position { get; }

    /// <inheritdoc/>
    public StateBytes Bytes
    {
        get
        {
            using var checkpoint = Lease();
            ulong own;
            ulong shared;
            _api.CheckpointBytes(checkpoint.Pointer, &own, &shared);
            return new StateBytes(checked((long)own), checked((long)shared));
        }
    }

    /// <exception cref="ArgumentException">It comes from elsewhere.</exception>
    public static NativeCheckpoint Of(ISessionCheckpoint checkpoint) => checkpoint as NativeCheckpoint
        ?? throw new ArgumentException($"A {checkpoint?.GetType().Name ?? "null"} is no checkpoint of this engine.", nameof(checkpoint));

    /// <summary>Keeps the native checkpoint open during a call.</summary>
    public HandleLease Lease() => new(_handle);

    /// <inheritdoc/>
    public long GetStreamBytes(ISessionCheckpoint? baseCheckpoint)
    {
        using var checkpoint = Lease();
        if (baseCheckpoint is null)
        {
            return checked((long)_api.CheckpointStreamBytes(checkpoint.Pointer, null));
        }

        using var parent = Of(baseCheckpoint).Lease();
        return checked((long)_api.CheckpointStreamBytes(checkpoint.Pointer, parent.Pointer));
    }

    /// <inheritdoc/>
    public void Save(Stream stream, ISessionCheckpoint? baseCheckpoint)
    {
        if (baseCheckpoint is null)
        {
            Save(stream, (void*)null);
            return;
        }

        using var parent = Of(baseCheckpoint).Lease();
        Save(stream, parent.Pointer);
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    private void Save(Stream stream, void* parent)
    {
        using var checkpoint = Lease();
        using var bytes = new SnapshotStream(stream);
        NativeError error = default;
        var status = _api.CheckpointSave(checkpoint.Pointer, parent, SnapshotStream.Write, bytes.User, &error);
        bytes.ThrowIfFailed();
        _api.Check(status, &error);
    }
}

namespace Ds4Provider.Engine.Native;

/// <summary>A sequence evaluated by <c>libds4</c>.</summary>
internal sealed unsafe class NativeSession(NativeLibraryApi api, SessionHandle handle, int contextLength, int vocabularySize)
    : ILanguageSession
{
    /// <inheritdoc/>
    public int ContextLength => contextLength;

    /// <inheritdoc/>
    public int Position
    {
        get
        {
            using var session = new HandleLease(handle);
            return (int)api.SessionPosition(session.Pointer);
        }
    }

    /// <inheritdoc/>
    public ReadOnlySpan<float> Logits
    {
        get
        {
            using var session = new HandleLease(handle);
            var logits = api.SessionLogits(session.Pointer);
            return logits != null
                ? new ReadOnlySpan<float>(logits, vocabularySize)
                : throw new EngineException(
                    EngineStatus.InvalidArgument, "The session has no logits: evaluate a token before asking for them.");
        }
    }

    /// <inheritdoc/>
    public void Prefill(ReadOnlySpan<int> tokens, Action<int>? progress, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (tokens.IsEmpty)
        {
            return;
        }

        using var session = new HandleLease(handle);
        using var watch = new PrefillWatch(progress, cancellationToken);
        var options = watch.Options;
        NativeError error = default;
        EngineStatus status;
        fixed (int* ids = tokens)
        {
            status = api.SessionPrefill(session.Pointer, ids, (nuint)tokens.Length, &options, &error);
        }

        watch.ThrowIfFailed();
        if (status == EngineStatus.Cancelled)
        {
            throw new OperationCanceledException(cancellationToken);
        }

        api.Check(status, &error);
    }

    /// <inheritdoc/>
    public void Decode(int token)
    {
        using var session = new HandleLease(handle);
        NativeError error = default;
        api.Check(api.SessionDecode(session.Pointer, token, &error), &error);
    }

    /// <inheritdoc/>
    public ISessionCheckpoint Checkpoint()
    {
        using var session = new HandleLease(handle);
        NativeError error = default;
        void* checkpoint;
        api.Check(api.SessionCheckpoint(session.Pointer, &checkpoint, &error), &error);
        return new NativeCheckpoint(api, new CheckpointHandle(api, handle.Model, checkpoint));
    }

    /// <inheritdoc/>
    public void Restore(ISessionCheckpoint checkpoint)
    {
        using var session = new HandleLease(handle);
        using var state = NativeCheckpoint.Of(checkpoint).Lease();
        NativeError error = default;
        api.Check(api.SessionRestore(session.Pointer, state.Pointer, &error), &error);
    }

    /// <inheritdoc/>
    public void Dispose() => handle.Dispose();

    /// <summary>Keeps the native session open during a call that takes several.</summary>
    public HandleLease Lease() => new(handle);
}

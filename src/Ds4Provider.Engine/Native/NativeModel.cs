using System.Text;
using Ds4Provider.Engine.Tokenization;

namespace Ds4Provider.Engine.Native;

/// <summary>A model opened by <c>libds4</c>.</summary>
internal sealed unsafe class NativeModel : ILanguageModel
{
    private readonly NativeLibraryApi _api;
    private readonly ModelHandle _handle;
    private readonly Lazy<ITokenizer> _tokenizer;
    private volatile bool _disposed;

    private NativeModel(NativeLibraryApi api, ModelHandle handle)
    {
        _api = api;
        _handle = handle;
        Description = Describe();
        // A model of random weights, made to measure with, has no texts.
        _tokenizer = new Lazy<ITokenizer>(() => BytePairTokenizer.Create(
            ReadStrings("tokenizer.ggml.tokens"), ReadStrings("tokenizer.ggml.merges"), Description.VocabularySize));
    }

    /// <inheritdoc/>
    public ModelDescription Description { get; }

    /// <inheritdoc/>
    public ITokenizer Tokenizer => _tokenizer.Value;

    /// <summary>Loads the library and opens the model.</summary>
    /// <param name="libraryPath">Path of <c>libds4</c>.</param>
    /// <param name="modelPath">Path of the GGUF file.</param>
    /// <param name="threads">Compute threads; 0 = one per usable core.</param>
    /// <exception cref="EngineException">The library or the file cannot be used.</exception>
    public static NativeModel Open(string libraryPath, string modelPath, int threads)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        var api = NativeLibraryApi.Load(libraryPath);
        var handle = OpenHandle(api, modelPath, (uint)threads);
        try
        {
            return new NativeModel(api, handle);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public long EstimateSessionBytes(int contextLength, EngineMode mode)
    {
        using var model = Lease();
        NativeError error = default;
        NativeSessionMemory memory;
        _api.Check(_api.SessionMemory(model.Pointer, Positions(contextLength), mode, &memory, &error), &error);
        return checked((long)memory.Full);
    }

    /// <inheritdoc/>
    public ILanguageSession CreateSession(int contextLength, EngineMode mode)
    {
        using var model = Lease();
        NativeError error = default;
        void* session;
        _api.Check(_api.SessionCreate(model.Pointer, Positions(contextLength), mode, &session, &error), &error);
        return new NativeSession(_api, new SessionHandle(_api, _handle, session), contextLength, Description.VocabularySize);
    }

    /// <inheritdoc/>
    public long StateBytes
    {
        get
        {
            using var model = Lease();
            return checked((long)_api.ModelStateBytes(model.Pointer));
        }
    }

    /// <inheritdoc/>
    public void Decode(IReadOnlyList<ILanguageSession> sessions, ReadOnlySpan<int> tokens)
    {
        ArgumentNullException.ThrowIfNull(sessions);
        if (sessions.Count != tokens.Length)
        {
            throw new ArgumentException($"There are {sessions.Count} sessions, but {tokens.Length} tokens.", nameof(tokens));
        }

        DecodeFrom(0, sessions, stackalloc nint[sessions.Count], tokens);
    }

    /// <inheritdoc/>
    public ISessionCheckpoint LoadCheckpoint(Stream stream, ISessionCheckpoint? baseCheckpoint)
    {
        if (baseCheckpoint is null)
        {
            return LoadCheckpoint(stream, (void*)null);
        }

        using var parent = NativeCheckpoint.Of(baseCheckpoint).Lease();
        return LoadCheckpoint(stream, parent.Pointer);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Its sessions keep the handle alive, so the handle alone would not refuse further calls.
        _disposed = true;
        _handle.Dispose();
    }

    /// <summary>Leases session after session, each in a frame of its own, and decodes when all are held.</summary>
    private void DecodeFrom(int next, IReadOnlyList<ILanguageSession> sessions, Span<nint> pointers, ReadOnlySpan<int> tokens)
    {
        if (next < sessions.Count)
        {
            using var session = (sessions[next] as NativeSession
                ?? throw new ArgumentException($"Session {next} is none of this engine.", nameof(sessions))).Lease();
            pointers[next] = (nint)session.Pointer;
            DecodeFrom(next + 1, sessions, pointers, tokens);
            return;
        }

        NativeError error = default;
        fixed (nint* all = pointers)
        fixed (int* ids = tokens)
        {
            _api.Check(_api.SessionsDecode((void**)all, ids, (nuint)tokens.Length, &error), &error);
        }
    }

    private NativeCheckpoint LoadCheckpoint(Stream stream, void* parent)
    {
        using var model = Lease();
        using var bytes = new SnapshotStream(stream);
        NativeError error = default;
        void* checkpoint;
        var status = _api.CheckpointLoad(model.Pointer, parent, SnapshotStream.Read, bytes.User, &checkpoint, &error);
        bytes.ThrowIfFailed();
        _api.Check(status, &error);
        return new NativeCheckpoint(_api, new CheckpointHandle(_api, _handle, checkpoint));
    }

    private HandleLease Lease()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new HandleLease(_handle);
    }

    // A negative length would become a huge one; 0 is refused by the engine with its own sentence.
    private static ulong Positions(int contextLength) => (ulong)Math.Max(0, contextLength);

    private static ModelHandle OpenHandle(NativeLibraryApi api, string modelPath, uint threads)
    {
        NativeModelOptions options = new() { Threads = threads };
        NativeError error = default;
        void* model;
        fixed (byte* path = NulTerminated(modelPath))
        {
            api.Check(api.ModelOpen(path, &options, &model, &error), &error);
        }

        return new ModelHandle(api, model);
    }

    private ModelDescription Describe()
    {
        using var model = Lease();
        NativeModelInfo info;
        _api.ModelGetInfo(model.Pointer, &info);
        return new ModelDescription(
            NativeText.Read(info.Name, NativeModelInfo.NameCapacity),
            checked((int)info.VocabularySize),
            (int)Math.Min(info.ContextLength, int.MaxValue))
        {
            Fingerprint = NativeText.Read(info.Fingerprint, NativeModelInfo.FingerprintCapacity),
            Backend = NativeText.Read(info.Backend, NativeModelInfo.BackendCapacity),
            Kernels = NativeText.Read(info.Kernels, NativeModelInfo.KernelsCapacity),
            Threads = checked((int)info.Threads),
            WeightBytes = checked((long)info.WeightBytes),
        };
    }

    private string[] ReadStrings(string key)
    {
        using var model = Lease();
        byte* data;
        ulong length;
        ulong count;
        EngineStatus status;
        fixed (byte* name = NulTerminated(key))
        {
            status = _api.ModelStringArray(model.Pointer, name, &data, &length, &count);
        }

        return status == EngineStatus.Ok
            ? NativeText.ReadArray(data, length, count)
            : throw new EngineException(
                status, $"The model '{Description.Name}' has no list of texts '{key}': its file holds no usable tokenizer.");
    }

    private static byte[] NulTerminated(string text) => Encoding.UTF8.GetBytes(text + '\0');
}

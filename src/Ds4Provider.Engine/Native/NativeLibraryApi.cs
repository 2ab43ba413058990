using System.Runtime.InteropServices;

namespace Ds4Provider.Engine.Native;

/// <summary>
/// The functions of one loaded <c>libds4</c>. They are resolved by hand instead of by <c>LibraryImport</c>, which binds a
/// name once per assembly: builds with different paths must work side by side (an old one kept for rollback, a sanitizer build).
/// </summary>
/// <remarks>The library stays loaded for the life of the process: unloading code that started threads or, on macOS,
/// registered Objective-C classes is not safe, and nothing is won by it.</remarks>
internal sealed unsafe class NativeLibraryApi
{
    /// <summary>The <c>DS4_API_VERSION</c> that this code was written for.</summary>
    public const uint Version = 2;

    public readonly delegate* unmanaged[Cdecl]<EngineStatus, byte*> StatusName;
    public readonly delegate* unmanaged[Cdecl]<byte*, NativeModelOptions*, void**, NativeError*, EngineStatus> ModelOpen;
    public readonly delegate* unmanaged[Cdecl]<void*, void> ModelClose;
    public readonly delegate* unmanaged[Cdecl]<void*, NativeModelInfo*, void> ModelGetInfo;
    public readonly delegate* unmanaged[Cdecl]<void*, byte*, byte**, ulong*, ulong*, EngineStatus> ModelStringArray;
    public readonly delegate* unmanaged[Cdecl]<void*, ulong, EngineMode, NativeSessionMemory*, NativeError*, EngineStatus> SessionMemory;
    public readonly delegate* unmanaged[Cdecl]<void*, ulong, EngineMode, void**, NativeError*, EngineStatus> SessionCreate;
    public readonly delegate* unmanaged[Cdecl]<void*, void> SessionFree;
    public readonly delegate* unmanaged[Cdecl]<void*, ulong> SessionPosition;
    public readonly delegate* unmanaged[Cdecl]<void*, int*, nuint, NativePrefillOptions*, NativeError*, EngineStatus> SessionPrefill;
    public readonly delegate* unmanaged[Cdecl]<void*, int, NativeError*, EngineStatus> SessionDecode;
    public readonly delegate* unmanaged[Cdecl]<void*, float*> SessionLogits;
    public readonly delegate* unmanaged[Cdecl]<void**, int*, nuint, NativeError*, EngineStatus> SessionsDecode;
    public readonly delegate* unmanaged[Cdecl]<void*, void**, NativeError*, EngineStatus> SessionCheckpoint;
    public readonly delegate* unmanaged[Cdecl]<void*, void*, NativeError*, EngineStatus> SessionRestore;
    public readonly delegate* unmanaged[Cdecl]<void*, ulong> ModelStateBytes;
    public readonly delegate* unmanaged[Cdecl]<void*, void> CheckpointFree;
    public readonly delegate* unmanaged[Cdecl]<void*, ulong> CheckpointPosition;
    public readonly delegate* unmanaged[Cdecl]<void*, ulong*, ulong*, void> CheckpointBytes;
    public readonly delegate* unmanaged[Cdecl]<void*, void*, ulong> CheckpointStreamBytes;
    public readonly delegate* unmanaged[Cdecl]<void*, void*, delegate* unmanaged[Cdecl]<void*, void*, nuint, int>, void*, NativeError*, EngineStatus>
        CheckpointSave;
    public readonly delegate* unmanaged[Cdecl]<void*, void*, delegate* unmanaged[Cdecl]<void*, void*, nuint, long>, void*, void**, NativeError*, EngineStatus>
        CheckpointLoad;

    private NativeLibraryApi(string path, nint library)
    {
        var version = ((delegate* unmanaged[Cdecl]<uint>)Export(path, library, "ds4_api_version"))();
        if (version != Version)
        {
            throw new EngineException(
                EngineStatus.Unsupported,
                $"The engine '{path}' speaks version {version} of its interface, this program version {Version}. Rebuild the engine.");
        }

        StatusName = (delegate* unmanaged[Cdecl]<EngineStatus, byte*>)Export(path, library, "ds4_status_name");
        ModelOpen = (delegate* unmanaged[Cdecl]<byte*, NativeModelOptions*, void**, NativeError*, EngineStatus>)
            Export(path, library, "ds4_model_open");
        ModelClose = (delegate* unmanaged[Cdecl]<void*, void>)Export(path, library, "ds4_model_close");
        ModelGetInfo = (delegate* unmanaged[Cdecl]<void*, NativeModelInfo*, void>)Export(path, library, "ds4_model_get_info");
        ModelStringArray = (delegate* unmanaged[Cdecl]<void*, byte*, byte**, ulong*, ulong*, EngineStatus>)
            Export(path, library, "ds4_model_string_array");
        SessionMemory = (delegate* unmanaged[Cdecl]<void*, ulong, EngineMode, NativeSessionMemory*, NativeError*, EngineStatus>)
            Export(path, library, "ds4_session_memory");
        SessionCreate = (delegate* unmanaged[Cdecl]<void*, ulong, EngineMode, void**, NativeError*, EngineStatus>)
            Export(path, library, "ds4_session_create");
        SessionFree = (delegate* unmanaged[Cdecl]<void*, void>)Export(path, library, "ds4_session_free");
        SessionPosition = (delegate* unmanaged[Cdecl]<void*, ulong>)Export(path, library, "ds4_session_position");
        SessionPrefill = (delegate* unmanaged[Cdecl]<void*, int*, nuint, NativePrefillOptions*, NativeError*, EngineStatus>)
            Export(path, library, "ds4_session_prefill");
        SessionDecode = (delegate* unmanaged[Cdecl]<void*, int, NativeError*, EngineStatus>)
            Export(path, library, "ds4_session_decode");
        SessionLogits = (delegate* unmanaged[Cdecl]<void*, float*>)Export(path, library, "ds4_session_logits");
        SessionsDecode = (delegate* unmanaged[Cdecl]<void**, int*, nuint, NativeError*, EngineStatus>)
            Export(path, library, "ds4_sessions_decode");
        SessionCheckpoint = (delegate* unmanaged[Cdecl]<void*, void**, NativeError*, EngineStatus>)
            Export(path, library, "ds4_session_checkpoint");
        SessionRestore = (delegate* unmanaged[Cdecl]<void*, void*, NativeError*, EngineStatus>)
            Export(path, library, "ds4_session_restore");
        ModelStateBytes = (delegate* unmanaged[Cdecl]<void*, ulong>)Export(path, library, "ds4_model_state_bytes");
        CheckpointFree = (delegate* unmanaged[Cdecl]<void*, void>)Export(path, library, "ds4_checkpoint_free");
        CheckpointPosition = (delegate* unmanaged[Cdecl]<void*, ulong>)Export(path, library, "ds4_checkpoint_position");
        CheckpointBytes = (delegate* unmanaged[Cdecl]<void*, ulong*, ulong*, void>)Export(path, library, "ds4_checkpoint_bytes");
        CheckpointStreamBytes = (delegate* unmanaged[Cdecl]<void*, void*, ulong>)Export(path, library, "ds4_checkpoint_stream_bytes");
        CheckpointSave =
            (delegate* unmanaged[Cdecl]<void*, void*, delegate* unmanaged[Cdecl]<void*, void*, nuint, int>, void*, NativeError*, EngineStatus>)
            Export(path, library, "ds4_checkpoint_save");
        CheckpointLoad =
            (delegate* unmanaged[Cdecl]<void*, void*, delegate* unmanaged[Cdecl]<void*, void*, nuint, long>, void*, void**, NativeError*, EngineStatus>)
            Export(path, library, "ds4_checkpoint_load");
    }

    /// <summary>Loads the library at <paramref name="path"/> and checks its version.</summary>
    /// <exception cref="EngineException">It cannot be loaded, lacks a function or speaks another version.</exception>
    public static NativeLibraryApi Load(string path)
    {
        nint library;
        try
        {
            library = NativeLibrary.Load(path);
        }
        catch (Exception failure) when (failure is DllNotFoundException or BadImageFormatException)
        {
            throw new EngineException(EngineStatus.Io, $"The engine '{path}' cannot be loaded: {failure.Message}");
        }

        return new NativeLibraryApi(path, library);
    }

    /// <summary>Throws what <paramref name="status"/> stands for, with the engine's own sentence.</summary>
    public void Check(EngineStatus status, NativeError* error)
    {
        if (status == EngineStatus.Ok)
        {
            return;
        }

        throw new EngineException(status, Sentence(status, error));
    }

    private string Sentence(EngineStatus status, NativeError* error)
    {
        var sentence = NativeText.Read(error->Message, NativeError.Capacity);
        return sentence.Length > 0 ? sentence : $"The engine reported '{Marshal.PtrToStringUTF8((nint)StatusName(status))}'.";
    }

    private static void* Export(string path, nint library, string name) =>
        NativeLibrary.TryGetExport(library, name, out var address)
            ? (void*)address
            : throw new EngineException(
                EngineStatus.Unsupported, $"The library '{path}' has no function '{name}': it is not this engine. Rebuild the engine.");
}

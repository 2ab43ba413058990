using System.Runtime.InteropServices;

namespace Ds4Provider.Engine.Native;

/// <summary><c>ds4_error</c>: a sentence in UTF-8, NUL-terminated.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeError
{
    public const int Capacity = 512;

    public fixed byte Message[Capacity];
}

/// <summary><c>ds4_model_options</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeModelOptions
{
    public byte* Backend;
    public uint Threads;
}

/// <summary><c>ds4_model_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeModelInfo
{
    public const int NameCapacity = 128;
    public const int BackendCapacity = 16;
    public const int KernelsCapacity = 64;
    public const int FingerprintCapacity = 65;

    public fixed byte Name[NameCapacity];
    public fixed byte Backend[BackendCapacity];
    public fixed byte Kernels[KernelsCapacity];
    public fixed byte Fingerprint[FingerprintCapacity];
    public uint VocabularySize;
    public uint LayerCount;
    public uint HiddenSize;
    public uint Threads;
    public ulong ContextLength;
    public ulong FileBytes;
    public ulong WeightBytes;
    public ulong WeightBytesPerToken;
    public ulong WorkBytes;
}

/// <summary><c>ds4_memory</c>: bytes that a session allocates.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeSessionMemory
{
    public ulong Fixed;
    public ulong Full;
}

/// <summary><c>ds4_prefill_options</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativePrefillOptions
{
    public uint* Rows;
    public nuint RowCount;
    public float* RowLogits;
    public uint Tile;
    public delegate* unmanaged[Cdecl]<void*, ulong, ulong, void> Progress;
    public void* ProgressUser;
    public int* Cancel;
}

using System.Buffers.Binary;
using System.Text;

namespace Ds4Provider.Engine.Native;

/// <summary>Reads the text that crosses the boundary.</summary>
internal static unsafe class NativeText
{
    /// <summary>A NUL-terminated UTF-8 text in a buffer of <paramref name="capacity"/> bytes.</summary>
    public static string Read(byte* buffer, int capacity)
    {
        var bytes = new ReadOnlySpan<byte>(buffer, capacity);
        var end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }

    /// <summary>A GGUF string array: <paramref name="count"/> times { u64 little-endian length; bytes }.</summary>
    public static string[] ReadArray(byte* data, ulong length, ulong count)
    {
        var strings = new string[checked((int)count)];
        var rest = new ReadOnlySpan<byte>(data, checked((int)length));
        for (var i = 0; i < strings.Length; i++)
        {
            var bytes = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(rest));
            strings[i] = Encoding.UTF8.GetString(rest.Slice(sizeof(ulong), bytes));
            rest = rest[(sizeof(ulong) + bytes)..];
        }

        return strings;
    }
}

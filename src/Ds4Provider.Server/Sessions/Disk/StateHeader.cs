using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Ds4Provider.Server.Sessions.Disk;

/// <summary>
/// What stands before a state in its file: of which tokens it is, on which state it builds, and how many bytes follow.
/// The checksum covers the model's fingerprint too, so that a file of another model is never taken for ours. No token and
/// no text is in it: tokens are known by their digest.
/// </summary>
/// <param name="Key">Stands for the tokens.</param>
/// <param name="Position">How many they are.</param>
/// <param name="Parent">The state whose rows are left out; null = none are.</param>
/// <param name="ParentPosition">Tokens of the parent.</param>
/// <param name="IsBeginning">Whether conversations of a client have these tokens in common.</param>
/// <param name="Links">Short pieces of a conversation in a row, this one included; 0 for a long one.</param>
/// <param name="StateBytes">Bytes after the header.</param>
internal sealed record StateHeader(
    PrefixKey Key, int Position, PrefixKey? Parent, int ParentPosition, bool IsBeginning, int Links, long StateBytes)
{
    /// <summary>Bytes of a header.</summary>
    public const int Length = 128;

    private const int Version = 1;
    private const int Checked = Length - SHA256.HashSizeInBytes;
    private const int AtVersion = 8;
    private const int AtPosition = 12;
    private const int AtParentPosition = 16;
    private const int AtBeginning = 20;
    private const int AtLinks = 21;
    private const int AtStateBytes = 24;
    private const int AtKey = 32;
    private const int AtParent = AtKey + PrefixKey.Length;

    private static ReadOnlySpan<byte> Magic => "DS4STATE"u8;

    public byte[] Write(string fingerprint)
    {
        var bytes = new byte[Length];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(AtVersion), Version);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(AtPosition), Position);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(AtParentPosition), ParentPosition);
        bytes[AtBeginning] = IsBeginning ? (byte)1 : (byte)0;
        bytes[AtLinks] = (byte)Links;
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(AtStateBytes), StateBytes);
        Key.Write(bytes.AsSpan(AtKey));
        Parent?.Write(bytes.AsSpan(AtParent));
        Sum(bytes, fingerprint).CopyTo(bytes, Checked);
        return bytes;
    }

    /// <exception cref="InvalidDataException">It is none, of another version or model, or damaged: the message says which.</exception>
    public static StateHeader Read(ReadOnlySpan<byte> bytes, string fingerprint)
    {
        if (bytes.Length < Length || !bytes.StartsWith(Magic))
            throw new InvalidDataException("it does not begin like a state");
        if (BinaryPrimitives.ReadInt32LittleEndian(bytes[AtVersion..]) is not Version and var version)
            throw new InvalidDataException($"it has format {version}; this server reads {Version}");
        if (!Sum(bytes, fingerprint).AsSpan().SequenceEqual(bytes[Checked..Length]))
            throw new InvalidDataException("its header is damaged, or of another model");
        int parentPosition = BinaryPrimitives.ReadInt32LittleEndian(bytes[AtParentPosition..]);
        var header = new StateHeader(
            PrefixKey.Read(bytes[AtKey..]), BinaryPrimitives.ReadInt32LittleEndian(bytes[AtPosition..]),
            parentPosition > 0 ? PrefixKey.Read(bytes[AtParent..]) : null, parentPosition,
            bytes[AtBeginning] != 0, bytes[AtLinks], BinaryPrimitives.ReadInt64LittleEndian(bytes[AtStateBytes..]));
        if (header.Position <= parentPosition || parentPosition < 0 || header.StateBytes < 0)
            throw new InvalidDataException("its header contradicts itself");
        return header;
    }

    private static byte[] Sum(ReadOnlySpan<byte> bytes, string fingerprint)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(bytes[..Checked]);
        hash.AppendData(System.Text.Encoding.UTF8.GetBytes(fingerprint));
        return hash.GetHashAndReset();
    }
}

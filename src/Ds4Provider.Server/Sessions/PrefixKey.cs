using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Ds4Provider.Server.Sessions;

/// <summary>
/// Stands for a sequence of tokens. A cryptographic digest, because prompts come from anywhere: nobody can craft a
/// sequence that finds the state of another.
/// </summary>
/// <param name="High">First half of a SHA-256.</param>
/// <param name="Low">Second half.</param>
internal readonly record struct PrefixKey(UInt128 High, UInt128 Low)
{
    /// <summary>Bytes of a key.</summary>
    public const int Length = SHA256.HashSizeInBytes;

    /// <summary>Keys of the first tokens of a sequence, in one pass.</summary>
    /// <param name="tokens">The sequence.</param>
    /// <param name="lengths">Numbers of tokens, ascending, none larger than the sequence.</param>
    public static PrefixKey[] OfPrefixes(ReadOnlySpan<int> tokens, ReadOnlySpan<int> lengths)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        var keys = new PrefixKey[lengths.Length];
        int hashed = 0;
        for (int i = 0; i < lengths.Length; i++)
        {
            hash.AppendData(MemoryMarshal.AsBytes(tokens[hashed..lengths[i]]));
            hashed = lengths[i];
            hash.GetCurrentHash(digest);
            keys[i] = From(digest);
        }
        return keys;
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    public static PrefixKey Read(ReadOnlySpan<byte> bytes) => From(bytes);

    /// <summary>Writes the key.</summary>
    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt128BigEndian(bytes, High);
        BinaryPrimitives.WriteUInt128BigEndian(bytes[16..], Low);
    }

    public override string ToString() => $"{High:x32}{Low:x32}";

    private static PrefixKey From(ReadOnlySpan<byte> digest) =>
        new(BinaryPrimitives.ReadUInt128BigEndian(digest), BinaryPrimitives.ReadUInt128BigEndian(digest[16..]));
}

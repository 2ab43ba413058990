using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Ds4Provider.Server.Replay;

/// <summary>A turn in the log: length of what follows, checksum, flags, number of keys, keys, tokens.</summary>
internal static class SampledTurnRecord
{
    private const int KeyBytes = 16;
    private const int SumBytes = 8;
    private const int HeadBytes = sizeof(int) + SumBytes;
    private const int MostBytes = 64 << 20;

    public static byte[] Write(RememberedTurn turn)
    {
        var record = new byte[HeadBytes + 2 + (turn.Keys.Count * KeyBytes) + (turn.Tokens.Count * sizeof(int))];
        Span<byte> body = record.AsSpan(HeadBytes);
        body[0] = turn.Thinking ? (byte)1 : (byte)0;
        body[1] = (byte)turn.Keys.Count;
        Span<byte> rest = body[2..];
        foreach (TurnKey key in turn.Keys)
        {
            BinaryPrimitives.WriteUInt128LittleEndian(rest, key.Value);
            rest = rest[KeyBytes..];
        }
        foreach (int token in turn.Tokens)
        {
            BinaryPrimitives.WriteInt32LittleEndian(rest, token);
            rest = rest[sizeof(int)..];
        }
        BinaryPrimitives.WriteInt32LittleEndian(record, body.Length);
        Sum(body).CopyTo(record, sizeof(int));
        return record;
    }

    /// <summary>Reads the record at the start of <paramref name="bytes"/> and moves them past it; null at a damaged or unfinished one.</summary>
    public static RememberedTurn? Read(ref ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeadBytes + 2)
            return null;
        int length = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        if (length is < 2 or > MostBytes || length > bytes.Length - HeadBytes)
            return null;
        ReadOnlySpan<byte> body = bytes.Slice(HeadBytes, length);
        int keys = body[1] * KeyBytes;
        if (!Sum(body).AsSpan().SequenceEqual(bytes.Slice(sizeof(int), SumBytes)) || keys > length - 2 || (length - 2 - keys) % sizeof(int) != 0)
            return null;
        var turn = new RememberedTurn(
            ReadKeys(body.Slice(2, keys)), MemoryMarshal.Cast<byte, int>(body[(2 + keys)..]).ToArray(), body[0] != 0);
        bytes = bytes[(HeadBytes + length)..];
        return turn;
    }

    private static TurnKey[] ReadKeys(ReadOnlySpan<byte> bytes)
    {
        var keys = new TurnKey[bytes.Length / KeyBytes];
        for (int i = 0; i < keys.Length; i++)
            keys[i] = new TurnKey(BinaryPrimitives.ReadUInt128LittleEndian(bytes[(i * KeyBytes)..]));
        return keys;
    }

    private static byte[] Sum(ReadOnlySpan<byte> body) => SHA256.HashData(body)[..SumBytes];
}

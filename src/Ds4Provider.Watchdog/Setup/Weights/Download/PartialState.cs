using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ds4Provider.Watchdog.Setup.Weights.Download;

/// <summary>What is remembered of a file that is not complete yet, beside the file.</summary>
/// <param name="V">Version of this record.</param>
/// <param name="Size">Bytes of the complete file.</param>
/// <param name="Sha256">Hash of the complete file, 64 lower-case hexadecimal digits.</param>
/// <param name="ChunkBytes">Bytes that a bit stands for.</param>
/// <param name="Done">A bit for each chunk that is safe on the disk, lowest first.</param>
/// <param name="Checksum">SHA-256 of <paramref name="Done"/>: a wrong bit would cost the whole download.</param>
internal sealed record PartialState(int V, long Size, string Sha256, int ChunkBytes, byte[] Done, byte[] Checksum)
{
    public const int Version = 1;

    public static PartialState Of(ChunkMap map, string sha256)
    {
        byte[] done = map.ToBitmap();
        return new PartialState(Version, map.Size, sha256, map.ChunkBytes, done, SHA256.HashData(done));
    }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, WeightJson.Default.PartialState);

    /// <summary>Reads a remembered state.</summary>
    /// <returns>Null when the bytes are not such a state, or one that contradicts itself.</returns>
    public static PartialState? Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, WeightJson.Default.PartialState) is { } state && state.IsSound ? state : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The chunks, if they are parts of this content.</summary>
    public ChunkMap? MapOf(long size, string sha256) => Size == size && Sha256 == sha256 ? new ChunkMap(Size, ChunkBytes, Done) : null;

    [JsonIgnore]
    private bool IsSound =>
        V == Version
        && Size > 0
        && ChunkBytes is >= 1 << 10 and <= 1 << 28
        && Size / ChunkBytes < 1 << 24
        && ContentHash.IsValid(Sha256)
        && Done?.Length == ChunkMap.BitmapBytes(Size, ChunkBytes)
        && Checksum is not null
        && SHA256.HashData(Done).AsSpan().SequenceEqual(Checksum);
}

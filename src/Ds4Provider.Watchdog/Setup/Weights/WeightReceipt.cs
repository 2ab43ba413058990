using System.Text.Json;

namespace Ds4Provider.Watchdog.Setup.Weights;

/// <summary>
/// What a complete file was found to hold, kept beside it, so that tens of gigabytes are read once and not at every
/// start. It speaks of a file only as long as size and time of the last change are the same.
/// </summary>
/// <param name="V">Version of this record.</param>
/// <param name="Sha256">Hash of the content.</param>
/// <param name="Size">Bytes.</param>
/// <param name="ModifiedTicks">Time of the last change, UTC, in units of 100 ns.</param>
/// <param name="Source">Where it came from, for people.</param>
/// <param name="Revision">The revision of the repository it was fetched from, if that is known.</param>
internal sealed record WeightReceipt(int V, string Sha256, long Size, long ModifiedTicks, string Source, string? Revision)
{
    public const int Version = 1;

    public static WeightReceipt Of(FileInfo file, string sha256, string source, string? revision) =>
        new(Version, sha256, file.Length, file.LastWriteTimeUtc.Ticks, source, revision);

    public bool SpeaksOf(FileInfo file) => file.Exists && file.Length == Size && file.LastWriteTimeUtc.Ticks == ModifiedTicks;

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, WeightJson.Default.WeightReceipt);

    /// <returns>Null when the bytes are not a receipt.</returns>
    public static WeightReceipt? Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, WeightJson.Default.WeightReceipt) is { V: Version } receipt
                && ContentHash.IsValid(receipt.Sha256)
                && receipt is { Size: > 0, Source: not null }
                ? receipt
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

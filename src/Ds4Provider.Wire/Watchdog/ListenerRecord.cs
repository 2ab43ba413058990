using System.Text.Json;
using System.Text.Json.Serialization;
using Ds4Provider.Wire.Files;

namespace Ds4Provider.Wire.Watchdog;

/// <summary>
/// Port and key of the TCP listener that was opened last. They stay the same from one <c>ds4 serve</c> to the next, so that
/// what was written into the configuration of a client stays valid. The file is the user's alone.
/// </summary>
/// <param name="V">Version of this record.</param>
/// <param name="Port">TCP port, 1–65535.</param>
/// <param name="ApiKey">Key that every TCP request must carry: 16 to 256 printable ASCII characters without blanks.</param>
public sealed record ListenerRecord(int V, int Port, string ApiKey)
{
    private const int Version = 1;

    /// <summary>A record of this version.</summary>
    public static ListenerRecord Of(int port, string apiKey) => new(Version, port, apiKey);

    /// <summary>Parses the file's content.</summary>
    /// <returns>Null when it is not such a record.</returns>
    public static ListenerRecord? Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, ListenerJson.Default.ListenerRecord) is { V: Version, Port: > 0 and <= 65535 } record
                && record.ApiKey is { Length: >= 16 and <= 256 } key && key.All(c => c is > ' ' and < '\x7f')
                ? record
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Reads the record of a state directory.</summary>
    /// <returns>Null when there is none, or a damaged one.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ListenerRecord? Read(WatchdogPaths paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        return File.Exists(paths.Listener) ? Parse(File.ReadAllBytes(paths.Listener)) : null;
    }

    /// <summary>Writes the record.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Write(WatchdogPaths paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        AtomicFile.Write(paths.Listener, ToJson());
    }

    /// <summary>The file's content.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, ListenerJson.Default.ListenerRecord);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true)]
[JsonSerializable(typeof(ListenerRecord))]
internal sealed partial class ListenerJson : JsonSerializerContext;

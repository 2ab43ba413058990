using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ds4Provider.Wire.Watchdog;

/// <summary>Reads and writes lines of the watchdog protocol.</summary>
public static class WatchdogProtocol
{
    /// <summary>The protocol's version. A client and a watchdog of different versions refuse each other.</summary>
    public const int Version = 1;

    /// <summary>Version of the package that this is a part of.</summary>
    public static string PackageVersion { get; } =
        typeof(WatchdogProtocol).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";

    /// <summary>Longest line accepted, in characters; longer input is hostile or broken.</summary>
    public const int MaximumLineLength = 64 * 1024;

    /// <summary>One line, without the line feed.</summary>
    public static string Write(WatchdogMessage message) =>
        JsonSerializer.Serialize(message, WatchdogJsonContext.Default.WatchdogMessage);

    /// <summary>Parses one line.</summary>
    /// <exception cref="JsonException">The line is not a message of this protocol.</exception>
    public static WatchdogMessage Read(string line)
    {
        if (line.Length > MaximumLineLength)
            throw new JsonException($"A watchdog line of {line.Length} characters exceeds the limit of {MaximumLineLength}.");
        try
        {
            return JsonSerializer.Deserialize(line, WatchdogJsonContext.Default.WatchdogMessage)
                ?? throw new JsonException("A watchdog line was null.");
        }
        catch (NotSupportedException error)
        {
            // That is how the serialiser says that the type discriminator is missing.
            throw new JsonException("A watchdog line has no 'type'.", error);
        }
    }
}

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    AllowOutOfOrderMetadataProperties = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(WatchdogMessage))]
internal sealed partial class WatchdogJsonContext : JsonSerializerContext;

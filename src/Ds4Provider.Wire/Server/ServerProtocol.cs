using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ds4Provider.Wire.Server;

/// <summary>Reads and writes the lines between the watchdog and its child, the server.</summary>
public static class ServerProtocol
{
    /// <summary>One line for the server's standard input.</summary>
    public static string Write(ServerConfiguration configuration) =>
        JsonSerializer.Serialize(configuration, ServerJsonContext.Default.ServerConfiguration);

    /// <summary>One line for the server's standard input.</summary>
    public static string Write(ServerCommand command) => JsonSerializer.Serialize(command, ServerJsonContext.Default.ServerCommand);

    /// <summary>One line for the server's standard output.</summary>
    public static string Write(ServerEvent serverEvent) => JsonSerializer.Serialize(serverEvent, ServerJsonContext.Default.ServerEvent);

    /// <summary>Parses the first line of standard input.</summary>
    /// <exception cref="JsonException">The line is not a configuration.</exception>
    public static ServerConfiguration ReadConfiguration(string line) =>
        JsonSerializer.Deserialize(line, ServerJsonContext.Default.ServerConfiguration)
        ?? throw new JsonException("The server's configuration was null.");

    /// <summary>Parses a later line of standard input.</summary>
    /// <exception cref="JsonException">The line is not a command.</exception>
    public static ServerCommand ReadCommand(string line) =>
        JsonSerializer.Deserialize(line, ServerJsonContext.Default.ServerCommand)
        ?? throw new JsonException("A server command was null.");

    /// <summary>Parses a line of standard output.</summary>
    /// <exception cref="JsonException">The line is not a server event.</exception>
    public static ServerEvent ReadEvent(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, ServerJsonContext.Default.ServerEvent)
                ?? throw new JsonException("A server event was null.");
        }
        catch (NotSupportedException error)
        {
            // That is how the serialiser says that the type discriminator is missing.
            throw new JsonException("A server event has no 'type'.", error);
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
[JsonSerializable(typeof(ServerConfiguration))]
[JsonSerializable(typeof(ServerCommand))]
[JsonSerializable(typeof(ServerEvent))]
internal sealed partial class ServerJsonContext : JsonSerializerContext;

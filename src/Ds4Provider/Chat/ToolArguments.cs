using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Ds4Provider.Chat;

/// <summary>Arguments of a call, between a dictionary and JSON text.</summary>
internal static class ToolArguments
{
    /// <summary>The JSON text. Values that came from a reply are written as they came.</summary>
    public static string Write(IDictionary<string, object?>? arguments) => ChatRequestJson.Text(writer =>
    {
        writer.WriteStartObject();
        foreach ((string name, object? value) in arguments ?? new Dictionary<string, object?>())
        {
            writer.WritePropertyName(name);
            WriteValue(writer, value);
        }
        writer.WriteEndObject();
    });

    /// <summary>A whole call. Text that is not an object becomes the call's <see cref="FunctionCallContent.Exception"/>, as is the custom.</summary>
    public static FunctionCallContent Read(string json, string callId, string name) =>
        FunctionCallContent.CreateFromParsedArguments(json, callId, name, static json =>
        {
            var arguments = new Dictionary<string, object?>();
            if (string.IsNullOrWhiteSpace(json))
                return arguments; // Some servers send nothing for a function without parameters.
            using JsonDocument document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new JsonException($"The arguments are not an object but {document.RootElement.ValueKind}.");
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
                arguments[property.Name] = property.Value.ValueKind == JsonValueKind.Null ? null : property.Value.Clone();
            return arguments;
        });

    /// <summary>Writes any value as Microsoft.Extensions.AI would serialise it.</summary>
    public static void WriteValue(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case null:
                writer.WriteNullValue();
                break;
            case JsonElement { ValueKind: JsonValueKind.Undefined }:
                writer.WriteNullValue();
                break;
            case JsonElement element:
                element.WriteTo(writer);
                break;
            default:
                JsonSerializer.Serialize(writer, value, AIJsonUtilities.DefaultOptions.GetTypeInfo(value.GetType()));
                break;
        }
    }
}

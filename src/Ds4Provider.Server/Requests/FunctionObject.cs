using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Ds4Provider.Server.Requests;

/// <summary>Writes function objects in the order of members that the model was trained on.</summary>
internal static class FunctionObject
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static JsonElement Write(string name, string? description, JsonElement? parameters)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            if (description is not null)
                json.WriteString("description", description);
            if (parameters is { } schema)
            {
                json.WritePropertyName("parameters");
                schema.WriteTo(json);
            }
            json.WriteEndObject();
        }
        using JsonDocument document = JsonDocument.Parse(buffer.WrittenMemory, new JsonDocumentOptions { MaxDepth = 1000 });
        return document.RootElement.Clone();
    }
}

using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ds4Provider.Wire.Chat;

namespace Ds4Provider.Chat;

/// <summary>JSON that is written into requests.</summary>
internal static class ChatRequestJson
{
    // Arguments and results are read by a model: what needs no escape gets none.
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static JsonElement Element(string value) => JsonSerializer.SerializeToElement(value, ChatValueContext.Default.String);

    public static JsonElement Element(IEnumerable<string> values) =>
        JsonSerializer.SerializeToElement(values.ToArray(), ChatValueContext.Default.StringArray);

    public static JsonElement Element(double value) => JsonSerializer.SerializeToElement(value, ChatValueContext.Default.Double);

    /// <summary>Text that a callback writes.</summary>
    public static string Text(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Readable))
            write(writer);
        return System.Text.Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    /// <summary>An element that a callback writes.</summary>
    public static JsonElement Element(Action<Utf8JsonWriter> write)
    {
        using JsonDocument document = JsonDocument.Parse(Text(write));
        return document.RootElement.Clone();
    }

    public static byte[] Body(ChatCompletionRequest request) =>
        JsonSerializer.SerializeToUtf8Bytes(request, ChatJsonContext.Default.ChatCompletionRequest);
}

[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(double))]
internal sealed partial class ChatValueContext : JsonSerializerContext;

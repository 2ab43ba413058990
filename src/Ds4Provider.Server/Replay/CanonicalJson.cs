using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Ds4Provider.Server.Replay;

/// <summary>
/// One spelling for equal JSON values. Clients parse the arguments of a call and write them anew when they send it
/// back: without blanks, with other escapes, <c>1.0</c> as <c>1</c>, sometimes with the members in another order.
/// </summary>
internal static class CanonicalJson
{
    private const double LargestExactInteger = 9007199254740992; // 2^53; JavaScript rounds there, and so does this.

    /// <summary>The canonical spelling; what is not JSON stays as it is.</summary>
    public static string Of(string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json.Length == 0 ? "{}" : json);
            var buffer = new ArrayBufferWriter<byte>();
            using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true }))
                Write(document.RootElement, writer);
            return Encoding.UTF8.GetString(buffer.WrittenSpan);
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            return json;
        }
    }

    private static void Write(JsonElement value, Utf8JsonWriter writer)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (JsonProperty member in value.EnumerateObject().OrderBy(m => m.Name, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(member.Name);
                    Write(member.Value, writer);
                }
                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (JsonElement item in value.EnumerateArray())
                    Write(item, writer);
                writer.WriteEndArray();
                break;
            case JsonValueKind.Number:
                WriteNumber(value, writer);
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }

    private static void WriteNumber(JsonElement value, Utf8JsonWriter writer)
    {
        if (!value.TryGetDouble(out double number) || !double.IsFinite(number))
            value.WriteTo(writer);
        else if (number == Math.Truncate(number) && Math.Abs(number) <= LargestExactInteger)
            writer.WriteNumberValue((long)number);
        else
            writer.WriteNumberValue(number);
    }
}

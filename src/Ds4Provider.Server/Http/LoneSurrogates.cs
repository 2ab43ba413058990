using System.Text.Json;

namespace Ds4Provider.Server.Http;

/// <summary>
/// Refuses strings with half a surrogate pair (<c>"\ud83d"</c>): valid JSON, but no text. The reader would throw on
/// them only where a string is used, deep in the template.
/// </summary>
internal static class LoneSurrogates
{
    public static void Refuse(ReadOnlySpan<byte> body, JsonElement root)
    {
        // Clients send characters as UTF-8, so nearly no body has such an escape and nearly none is walked.
        if (body.IndexOf("\\ud"u8) >= 0 || body.IndexOf("\\uD"u8) >= 0)
            Walk(new JsonField(root, ""));
    }

    private static void Walk(JsonField field)
    {
        switch (field.Value.ValueKind)
        {
            case JsonValueKind.String:
                _ = Read(field.Value.GetString, field.Path);
                break;
            case JsonValueKind.Array:
                foreach (JsonField item in field.Items())
                    Walk(item);
                break;
            case JsonValueKind.Object:
                foreach (JsonProperty property in field.Value.EnumerateObject())
                    Walk(field.Member(Read(() => property.Name, field.Path)!, property.Value));
                break;
        }
    }

    private static string? Read(Func<string?> read, string path)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException)
        {
            throw ApiException.Invalid(
                path.Length == 0 ? null : path,
                $"{(path.Length == 0 ? "The body" : path)}: has half of a surrogate pair, which is not text.",
                "invalid_json");
        }
    }
}

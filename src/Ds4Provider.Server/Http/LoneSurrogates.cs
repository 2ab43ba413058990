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
            Walk(root, []);
    }

    /// <summary>The path is text only where it is needed: names may be long, and there may be many below.</summary>
    private static void Walk(JsonElement value, List<string> path)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                _ = Read(value.GetString, path);
                break;
            case JsonValueKind.Array:
                int index = 0;
                foreach (JsonElement item in value.EnumerateArray())
                    Walk(item, $"[{index++}]", path);
                break;
            case JsonValueKind.Object:
                foreach (JsonProperty property in value.EnumerateObject())
                {
                    string name = Read(() => property.Name, path)!;
                    Walk(property.Value, path.Count == 0 ? name : "." + name, path);
                }
                break;
        }
    }

    private static void Walk(JsonElement value, string step, List<string> path)
    {
        path.Add(step);
        Walk(value, path);
        path.RemoveAt(path.Count - 1);
    }

    private static string? Read(Func<string?> read, List<string> path)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException)
        {
            string where = string.Concat(path);
            throw ApiException.Invalid(
                where.Length == 0 ? null : where,
                $"{(where.Length == 0 ? "The body" : where)}: has half of a surrogate pair, which is not text.",
                "invalid_json");
        }
    }
}

using System.Text.Json;
using Ds4Provider.Server.Http;

namespace Ds4Provider.Server.Requests;

/// <summary>
/// Reads content that is text: a string, nothing, or an array of parts. The names of the parts differ between the APIs
/// and mean the same, so all of them are known everywhere.
/// </summary>
internal static class TextParts
{
    /// <summary>What stands between two parts of a user's or the system's text; the template joins user texts the same way.</summary>
    public const string BetweenParts = "\n\n";

    /// <param name="content">The field.</param>
    /// <param name="separator">What stands between two parts.</param>
    public static string Parse(JsonField content, string separator)
    {
        if (content.IsAbsent)
            return "";
        return content.Value.ValueKind switch
        {
            JsonValueKind.String => content.String(),
            JsonValueKind.Array => string.Join(separator, content.Items().Select(ParsePart)),
            _ => throw content.Unexpected("a string or an array of parts"),
        };
    }

    public static string ParsePart(JsonField part)
    {
        if (part.Value.ValueKind == JsonValueKind.String)
            return part.String();
        part.Object();
        JsonField type = part["type"];
        return type.String() switch
        {
            "text" or "input_text" or "output_text" or "summary_text" or "reasoning_text" => part["text"].String(),
            "refusal" => part["refusal"].String(),
            _ => throw Refuse(type),
        };
    }

    /// <summary>The refusal of a part that is not text.</summary>
    public static ApiException Refuse(JsonField type) => type.String() switch
    {
        "image" or "image_url" or "input_image" => Unreadable(type, "images"),
        "input_audio" => Unreadable(type, "sound"),
        "file" or "input_file" or "document" => Unreadable(type, "files"),
        string other => type.Refuse($"parts of the type '{other}' are not known; send 'text'.", "unsupported_content"),
    };

    private static ApiException Unreadable(JsonField type, string what) =>
        type.Refuse($"the model reads text only, no {what}; leave the part out or describe it.", "unsupported_content");
}

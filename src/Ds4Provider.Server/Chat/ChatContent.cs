using System.Text.Json;
using Ds4Provider.Server.Http;

namespace Ds4Provider.Server.Chat;

/// <summary>Reads the content of a message: a string, nothing, or parts of text.</summary>
internal static class ChatContent
{
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

    private static string ParsePart(JsonField part)
    {
        if (part.Value.ValueKind == JsonValueKind.String)
            return part.String();
        part.Object();
        JsonField type = part["type"];
        return type.String() switch
        {
            "text" => part["text"].String(),
            "refusal" => part["refusal"].String(),
            "image_url" or "input_image" or "image" => throw Unreadable(type, "images"),
            "input_audio" => throw Unreadable(type, "sound"),
            "file" => throw Unreadable(type, "files"),
            string other => throw type.Refuse($"parts of the type '{other}' are not known; send 'text'.", "unsupported_content"),
        };
    }

    private static ApiException Unreadable(JsonField type, string what) =>
        type.Refuse($"the model reads text only, no {what}; leave the part out or describe it.", "unsupported_content");
}

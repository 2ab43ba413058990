namespace Ds4Provider.Engine.Dsml;

/// <summary>A tag that was read whole.</summary>
/// <param name="Closing">Whether it began with <c>&lt;/</c>.</param>
/// <param name="Name">Its name.</param>
internal readonly record struct DsmlTag(bool Closing, string Name)
{
    // No name of a tool or parameter is longer; what is, is not a tag.
    private const int LongestTag = 4096;

    private static readonly string[] Names = [DsmlTags.Block, DsmlTags.Invoke, DsmlTags.Parameter];

    /// <summary>The <c>name</c> attribute.</summary>
    public string? NameAttribute { get; private init; }

    /// <summary>The <c>string</c> attribute; a value without it is a string.</summary>
    public bool IsString { get; private init; } = true;

    /// <summary>Whether the text after the control token may still become a tag.</summary>
    public static bool IsViable(ReadOnlySpan<char> text)
    {
        foreach (var name in Names)
        {
            var matches = text.Length <= name.Length ? name.StartsWith(text, StringComparison.Ordinal) : StartsWithName(text, name);
            if (matches)
            {
                return text.Length <= LongestTag;
            }
        }

        return false;
    }

    /// <summary>Whether the text ends with the <c>&gt;</c> that ends a tag: one outside quotation marks.</summary>
    public static bool IsWhole(ReadOnlySpan<char> text) => text.EndsWith(">") && text.Count('"') % 2 == 0;

    /// <summary>Reads the text after the control token up to and including <c>&gt;</c>.</summary>
    public static bool TryParse(bool closing, ReadOnlySpan<char> text, out DsmlTag tag)
    {
        tag = default;
        var body = text[..^1];
        var nameEnd = body.IndexOfAny(" \t\r\n");
        var name = nameEnd < 0 ? body : body[..nameEnd];
        tag = new DsmlTag(closing, name.ToString());
        var rest = body[name.Length..].Trim();
        while (rest.Length > 0)
        {
            var equals = rest.IndexOf("=\"");
            var end = equals < 0 ? -1 : rest[(equals + 2)..].IndexOf('"');
            if (end < 0)
            {
                return false;
            }

            var value = rest.Slice(equals + 2, end);
            switch (rest[..equals])
            {
                case DsmlTags.NameAttribute:
                    tag = tag with { NameAttribute = value.ToString() };
                    break;
                case DsmlTags.StringAttribute when value is "true" or "false":
                    tag = tag with { IsString = value is "true" };
                    break;
                default:
                    return false;
            }

            rest = rest[(equals + 2 + end + 1)..].TrimStart();
        }

        return true;
    }

    private static bool StartsWithName(ReadOnlySpan<char> text, string name) =>
        text.StartsWith(name) && text[name.Length] is '>' or ' ' or '\t' or '\r' or '\n';
}

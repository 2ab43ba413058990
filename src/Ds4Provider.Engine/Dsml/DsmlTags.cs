namespace Ds4Provider.Engine.Dsml;

/// <summary>
/// The one grammar of tool calls, for writing history and for reading replies. A tag is <c>&lt;</c> or <c>&lt;/</c>, the
/// control token <c>｜DSML｜</c>, and a name below, possibly attributes, <c>&gt;</c>. Nothing is ever escaped: values stand as they are.
/// </summary>
internal static class DsmlTags
{
    public const string Block = "tool_calls";
    public const string Invoke = "invoke";
    public const string Parameter = "parameter";

    public const string NameAttribute = "name";
    public const string StringAttribute = "string";

    /// <summary>The parameter that carries arguments which are not a JSON object.</summary>
    public const string RawArguments = "arguments";
}

using Ds4Provider.Engine.Dsml;

namespace Ds4Provider.Engine.Constraints.Grammar;

/// <summary>The fixed pieces of a block of calls as <see cref="CallWriter"/> writes them, as symbols.</summary>
internal static class DsmlSyntax
{
    /// <summary>Stands before a block.</summary>
    public static readonly int[] BeforeBlock = Symbol.Of("\n\n");

    /// <summary>The rest of the tag that opens a block, after its control token.</summary>
    public static readonly int[] BlockName = Symbol.Of($"{DsmlTags.Block}>\n");

    public static readonly int[] OpenBlock = Tag("<", $"{DsmlTags.Block}>\n");
    public static readonly int[] CloseBlock = Tag("</", $"{DsmlTags.Block}>");
    public static readonly int[] OpenInvoke = Tag("<", $"{DsmlTags.Invoke} {DsmlTags.NameAttribute}=\"");
    public static readonly int[] CloseInvoke = Tag("</", $"{DsmlTags.Invoke}>\n");

    /// <summary>An empty line stands for the parameters where there are none.</summary>
    public static readonly int[] NoParameters = [.. Symbol.Of("\n"), .. CloseInvoke];

    public static readonly int[] OpenParameter = Tag("<", $"{DsmlTags.Parameter} {DsmlTags.NameAttribute}=\"");
    public static readonly int[] CloseParameter = Tag("</", $"{DsmlTags.Parameter}>\n");

    /// <summary>Ends the opening tag of a parameter whose value stands raw.</summary>
    public static readonly int[] IsString = Symbol.Of("true\">");

    /// <summary>Ends the opening tag of a parameter whose value is JSON.</summary>
    public static readonly int[] IsJson = Symbol.Of("false\">");

    /// <summary>Stands between a parameter's name and whether it is a string.</summary>
    public static readonly string AfterParameterName = $"\" {DsmlTags.StringAttribute}=\"";

    /// <summary>Stands after a tool's name.</summary>
    public const string AfterToolName = "\">\n";

    private static int[] Tag(string opening, string rest) => [.. Symbol.Of(opening), Symbol.Dsml, .. Symbol.Of(rest)];
}

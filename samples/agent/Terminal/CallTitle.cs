using Agent.Tools;

namespace Agent.Terminal;

/// <summary>A call in one line, however much of it has been written.</summary>
internal static class CallTitle
{
    public static string Of(string name, PartialArguments arguments) => TextWidth.Printable(name switch
    {
        "bash" => "$ " + FirstLine(arguments.Find("command")?.Text),
        "write" => $"write {Path(arguments)}{Size(arguments.Find("content"))}",
        "read" => $"read {Path(arguments)}{Range(arguments)}",
        "edit" => $"edit {Path(arguments)}",
        _ => $"{name} {string.Join(' ', arguments.Arguments.Select(argument => $"{argument.Name}={FirstLine(argument.Text)}"))}",
    }).TrimEnd();

    private static string Path(PartialArguments arguments) => arguments.Find("path")?.Text ?? "";

    private static string Size(PartialArgument? content) =>
        content is null ? "" : $" ({Plural.Of(new TextLines(content.Text).Count, "line")})";

    private static string Range(PartialArguments arguments)
    {
        string? offset = arguments.Find("offset")?.Text;
        string? limit = arguments.Find("limit")?.Text;
        return (offset, limit) switch
        {
            (null, null) => "",
            (_, null) => $" from line {offset}",
            (null, _) => $" first {limit} lines",
            _ => $" {limit} lines from {offset}",
        };
    }

    private static string FirstLine(string? text)
    {
        int end = text?.IndexOf('\n', StringComparison.Ordinal) ?? -1;
        return end < 0 ? text ?? "" : text![..end] + " …";
    }
}

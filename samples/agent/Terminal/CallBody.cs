using System.Text;
using System.Text.Json;
using Agent.Loop;
using Agent.Tools;
using AgentHost;

namespace Agent.Terminal;

/// <summary>What stands under the title of a call: the file as it grows, the changes of an edit, the end of an output.</summary>
internal static class CallBody
{
    private const int FileLines = 6;
    private const int OutputLines = 5;
    private const int ChangeLines = 12;
    private const int ErrorLines = 4;

    public static IEnumerable<Line> Of(
        string name, PartialArguments arguments, CallPhase phase, StringBuilder output, ToolResult? result)
    {
        IEnumerable<Line> lines = name switch
        {
            "write" => phase == CallPhase.Writing ? FileEnd(arguments) : FileStart(arguments),
            "edit" => Changes(arguments),
            _ => [],
        };
        if (phase == CallPhase.Running && output.Length > 0)
            lines = lines.Concat(OutputEnd(output.ToString()));
        if (result is not null && result != ToolRunner.Cancelled && (result.IsError || name is not ("read" or "write" or "edit")))
            lines = lines.Concat(ResultLines(name, result));
        return lines;
    }

    private static IEnumerable<Line> FileEnd(PartialArguments arguments) =>
        Split(arguments.Find("content")?.Text).TakeLast(FileLines).Select(Added);

    private static IEnumerable<Line> FileStart(PartialArguments arguments) =>
        Shortened(Split(arguments.Find("content")?.Text), FileLines, Added);

    private static IEnumerable<Line> OutputEnd(string output) => Split(output).TakeLast(OutputLines).Select(Quoted);

    private static IEnumerable<Line> ResultLines(string name, ToolResult result)
    {
        IReadOnlyList<string> lines = [.. Split(result.Text).Where(line => !SaysTheTitle(line))];
        // A command's end says most; an error's beginning does.
        if (name != "bash")
            return Shortened(lines, ErrorLines, result.IsError ? Failure : Quoted);
        IEnumerable<Line> end = lines.TakeLast(OutputLines).Select(Quoted);
        return lines.Count > OutputLines ? end.Prepend(More(lines.Count - OutputLines)) : end;
    }

    // The title already says how the command ended.
    private static bool SaysTheTitle(string line) =>
        line == "(no output)" || line.StartsWith("[exit code ", StringComparison.Ordinal) || line.StartsWith("[timed out ", StringComparison.Ordinal);

    private static List<Line> Changes(PartialArguments arguments)
    {
        if (arguments.Find("edits") is not { IsComplete: true } edits)
            return [];
        List<Line> lines = [];
        foreach ((string oldText, string newText) in Replacements(edits.Text))
        {
            lines.AddRange(Split(oldText).Select(line => new Line(new Span("  - " + line, Tone.Removed))));
            lines.AddRange(Split(newText).Select(Added));
        }
        return lines.Count <= ChangeLines ? lines : [.. lines.Take(ChangeLines), More(lines.Count - ChangeLines)];
    }

    private static IEnumerable<(string Old, string New)> Replacements(string json)
    {
        JsonElement root;
        try
        {
            root = JsonElement.Parse(json);
        }
        catch (JsonException)
        {
            // The tool says what is wrong with it.
            return [];
        }
        return root.ValueKind != JsonValueKind.Array ? []
            : [.. root.EnumerateArray().Select(edit => (Property(edit, "oldText"), Property(edit, "newText")))];
    }

    private static string Property(JsonElement edit, string name) =>
        edit.ValueKind == JsonValueKind.Object && edit.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : "";

    private static IEnumerable<Line> Shortened(IReadOnlyList<string> lines, int count, Func<string, Line> format) =>
        lines.Count <= count ? lines.Select(format) : lines.Take(count).Select(format).Append(More(lines.Count - count));

    private static IReadOnlyList<string> Split(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return [];
        return [.. text.TrimEnd('\n', '\r').Split('\n').Select(TextWidth.Printable)];
    }

    private static Line Added(string line) => new(new Span("  + " + line, Tone.Added));

    private static Line Quoted(string line) => new(new Span("  │ " + line, Tone.Dim));

    private static Line Failure(string line) => new(new Span("  │ ", Tone.Dim), new Span(line, Tone.Bad));

    private static Line More(int count) => new(new Span($"  … {Plural.Of(count, "more line")}", Tone.Dim));
}

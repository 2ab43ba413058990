using System.Text;
using System.Text.Json;
using AgentHost;

namespace Agent.Tools;

/// <summary>Replaces exact texts in a file: all of them, or none.</summary>
internal sealed class EditTool(Workspace workspace)
{
    public async ValueTask<ToolResult> ExecuteAsync(ToolCall call, CancellationToken cancellationToken)
    {
        ToolArguments arguments = new(call.Arguments);
        string path = arguments.RequiredString("path");
        List<Replacement> replacements = [.. arguments.RequiredArray("edits").EnumerateArray().Select(ReadReplacement)];
        if (replacements.Count == 0)
            throw new ToolException("edits is empty.");

        string fullPath = workspace.Resolve(path);
        return await workspace.ChangeAsync(fullPath, async () =>
        {
            if (!File.Exists(fullPath))
                throw new ToolException($"{path} does not exist.");
            byte[] original = await File.ReadAllBytesAsync(fullPath, cancellationToken);
            byte[] changed = Encoding.UTF8.GetBytes(Apply(Encoding.UTF8.GetString(original), replacements, path));
            await File.WriteAllBytesAsync(fullPath, changed, cancellationToken);
            return new ToolResult($"Edited {path}: {Plural.Of(replacements.Count, "replacement")}.")
            {
                Summary = Plural.Of(replacements.Count, "replacement"),
            };
        }, cancellationToken);
    }

    private static Replacement ReadReplacement(JsonElement edit)
    {
        ToolArguments arguments = new(edit);
        string oldText = arguments.RequiredString("oldText");
        return oldText.Length > 0
            ? new Replacement(oldText, arguments.RequiredString("newText"))
            : throw new ToolException("oldText is empty.");
    }

    private static string Apply(string text, IReadOnlyList<Replacement> replacements, string path)
    {
        List<Match> matches = [.. replacements.Select(replacement => Find(text, replacement, path)).OrderBy(match => match.Start)];
        StringBuilder changed = new();
        int position = 0;
        foreach (Match match in matches)
        {
            if (match.Start < position)
                throw new ToolException($"two edits of {path} overlap; join them into one.");
            changed.Append(text, position, match.Start - position).Append(match.Replacement.NewText);
            position = match.Start + match.Replacement.OldText.Length;
        }
        return changed.Append(text, position, text.Length - position).ToString();
    }

    private static Match Find(string text, Replacement replacement, string path)
    {
        int count = Count(text, replacement.OldText);
        if (count == 0 && replacement.WithWindowsLineEnds() is { } windows && Count(text, windows.OldText) is > 0 and var found)
            (replacement, count) = (windows, found);
        return count switch
        {
            0 => throw new ToolException($"oldText was not found in {path}."),
            1 => new Match(text.IndexOf(replacement.OldText, StringComparison.Ordinal), replacement),
            _ => throw new ToolException($"oldText occurs {count} times in {path}; it must be unique."),
        };
    }

    private static int Count(string text, string part)
    {
        int count = 0;
        for (int at = text.IndexOf(part, StringComparison.Ordinal); at >= 0; at = text.IndexOf(part, at + 1, StringComparison.Ordinal))
            count++;
        return count;
    }

    private sealed record Match(int Start, Replacement Replacement);

    private sealed record Replacement(string OldText, string NewText)
    {
        /// <summary>Models write bare line feeds, also for files whose lines end with CR LF.</summary>
        public Replacement? WithWindowsLineEnds() =>
            OldText.Contains('\n') && !OldText.Contains('\r')
                ? new Replacement(OldText.ReplaceLineEndings("\r\n"), NewText.ReplaceLineEndings("\r\n"))
                : null;
    }
}

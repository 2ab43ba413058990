using System.Text;
using AgentHost;

namespace Agent.Tools;

/// <summary>Reads a text file, or some of its lines.</summary>
internal sealed class ReadTool(Workspace workspace)
{
    public async ValueTask<ToolResult> ExecuteAsync(ToolCall call, CancellationToken cancellationToken)
    {
        ToolArguments arguments = new(call.Arguments);
        string path = arguments.RequiredString("path");
        int offset = arguments.OptionalPositive("offset") ?? 1;
        int limit = arguments.OptionalPositive("limit") ?? int.MaxValue;
        string text = await ReadTextAsync(workspace.Resolve(path), path, cancellationToken);
        return Cut(text, path, offset, limit);
    }

    private static async Task<string> ReadTextAsync(string fullPath, string path, CancellationToken cancellationToken)
    {
        if (Directory.Exists(fullPath))
            throw new ToolException($"{path} is a directory.");
        if (!File.Exists(fullPath))
            throw new ToolException($"{path} does not exist.");
        byte[] bytes = await File.ReadAllBytesAsync(fullPath, cancellationToken);
        if (bytes.AsSpan(0, Math.Min(bytes.Length, 8192)).Contains((byte)0))
            throw new ToolException($"{path} is not a text file.");
        ReadOnlySpan<byte> content = bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? bytes.AsSpan(3) : bytes;
        return Encoding.UTF8.GetString(content);
    }

    private static ToolResult Cut(string text, string path, int offset, int limit)
    {
        TextLines lines = new(text);
        if (offset > Math.Max(1, lines.Count))
            throw new ToolException($"offset {offset} is past the end of {path}, which has {Plural.Of(lines.Count, "line")}.");

        int wanted = Math.Min(limit, lines.Count - offset + 1);
        int taken = lines.Fitting(offset - 1, Math.Min(wanted, OutputLimits.Lines), OutputLimits.Bytes);
        string body = lines.Slice(offset - 1, taken);
        string summary = Plural.Of(taken, "line");
        if (taken == lines.Count - offset + 1)
            return new ToolResult(body) { Summary = summary };

        string notice = taken == 0
            ? $"[line {offset} of {path} is longer than {OutputLimits.Bytes / 1024} KB; use bash to look at a part of it]"
            : $"[lines {offset}-{offset + taken - 1} of {lines.Count}; go on with offset {offset + taken}]";
        return new ToolResult(TextLines.WithLineEnd(body) + notice) { Summary = $"{summary} of {lines.Count}" };
    }
}

using System.Text;
using AgentHost;

namespace Agent.Tools;

/// <summary>Writes a whole file.</summary>
internal sealed class WriteTool(Workspace workspace)
{
    public async ValueTask<ToolResult> ExecuteAsync(ToolCall call, CancellationToken cancellationToken)
    {
        ToolArguments arguments = new(call.Arguments);
        string path = arguments.RequiredString("path");
        string content = arguments.RequiredString("content");
        string fullPath = workspace.Resolve(path);
        if (Directory.Exists(fullPath))
            throw new ToolException($"{path} is a directory.");

        byte[] bytes = Encoding.UTF8.GetBytes(content);
        return await workspace.ChangeAsync(fullPath, async () =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(fullPath)!);
            await File.WriteAllBytesAsync(fullPath, bytes, cancellationToken);
            return new ToolResult($"Wrote {Plural.Of(bytes.Length, "byte")} to {path}.")
            {
                Summary = Plural.Of(bytes.Length, "byte"),
            };
        }, cancellationToken);
    }
}

using Agent.Prompt;
using AgentHost;

namespace Agent.Tools;

/// <summary>The tools that the agent brings, in the order in which the model is told about them.</summary>
internal static class BuiltInTools
{
    public static IReadOnlyList<ToolDefinition> Create(Workspace workspace) =>
        [.. AgentPrompt.Tools.Select(text => new ToolDefinition(text.Name, text.Description, text.Parameters, Body(text.Name, workspace)))];

    private static Func<ToolCall, CancellationToken, ValueTask<ToolResult>> Body(string name, Workspace workspace) => name switch
    {
        "read" => new ReadTool(workspace).ExecuteAsync,
        "bash" => new BashTool(workspace).ExecuteAsync,
        "edit" => new EditTool(workspace).ExecuteAsync,
        "write" => new WriteTool(workspace).ExecuteAsync,
        _ => throw new InvalidOperationException($"Prompt/tools.json describes a tool '{name}' that nobody wrote."),
    };
}

using System.Text.Json;
using Agent.Tools;
using AgentHost;

namespace Agent.Specs.Support;

/// <summary>Calls the built-in tools as a model does: by name, with JSON.</summary>
internal sealed class ToolCalls(string directory)
{
    private readonly IReadOnlyList<ToolDefinition> tools = BuiltInTools.Create(new Workspace(directory));

    public IReadOnlyList<ToolDefinition> Tools => tools;

    public async Task<ToolResult> CallAsync(
        string name, object arguments, CancellationToken cancellationToken, IProgress<string>? output = null)
    {
        JsonElement json = arguments is string text ? JsonElement.Parse(text) : JsonSerializer.SerializeToElement(arguments);
        try
        {
            return await tools.Single(tool => tool.Name == name).ExecuteAsync(new ToolCall("call_1", json) { Output = output }, cancellationToken);
        }
        catch (ToolException exception)
        {
            // As the loop tells it to the model.
            return new ToolResult($"Error: {exception.Message}", IsError: true);
        }
    }
}

using AgentHost;
using Microsoft.Extensions.AI;

namespace Agent.Loop;

/// <summary>The tools of a session: the built-in ones in their order, then those of extensions, which may replace a built-in one.</summary>
internal sealed class Toolbox(IReadOnlyList<ToolDefinition> builtIn, Func<IReadOnlyList<ToolDefinition>> fromExtensions)
{
    public IReadOnlyList<ToolDefinition> Tools
    {
        get
        {
            List<ToolDefinition> tools = [.. builtIn];
            foreach (ToolDefinition tool in fromExtensions())
            {
                int known = tools.FindIndex(other => other.Name == tool.Name);
                if (known >= 0)
                    tools[known] = tool;
                else
                    tools.Add(tool);
            }
            return tools;
        }
    }

    public ToolDefinition? Find(string name) => Tools.FirstOrDefault(tool => tool.Name == name);

    /// <summary>What a request tells the model about the tools.</summary>
    public IList<AITool> Declarations =>
        [.. Tools.Select(tool => AIFunctionFactory.CreateDeclaration(tool.Name, tool.Description, tool.Schema, returnJsonSchema: null))];
}

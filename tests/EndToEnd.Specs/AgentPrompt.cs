using System.Text.Json;
using EndToEnd.Specs.Processes;
using Microsoft.Extensions.AI;

namespace EndToEnd.Specs;

/// <summary>The agent's own prompt and tools, which the demo model was taught with.</summary>
internal static class AgentPrompt
{
    public static string System => File.ReadAllText(FileOf("system.txt"));

    public static IEnumerable<AITool> Tools
    {
        get
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllText(FileOf("tools.json")));
            return [.. document.RootElement.EnumerateArray().Select(Declare)];
        }
    }

    private static AIFunctionDeclaration Declare(JsonElement function) => AIFunctionFactory.CreateDeclaration(
        function.GetProperty("name").GetString()!,
        function.GetProperty("description").GetString(),
        function.GetProperty("parameters").Clone());

    private static string FileOf(string name) => Path.Combine(BuildOutput.Root, "samples", "agent", "Prompt", name);
}

using System.Text.Json;

namespace Agent.Prompt;

/// <summary>
/// What every request begins with. Both texts are sent byte for byte and never change within a session: the prefix stays
/// in the model's cache, and the demo model knows nothing but these.
/// </summary>
internal static class AgentPrompt
{
    /// <summary>The system message.</summary>
    public static string System { get; } = ReadResource("system.txt");

    /// <summary>Names, descriptions and schemas of the built-in tools, in the order in which they are sent.</summary>
    public static IReadOnlyList<ToolText> Tools { get; } = ParseTools(ReadResource("tools.json"));

    private static IReadOnlyList<ToolText> ParseTools(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return [.. document.RootElement.EnumerateArray().Select(tool => new ToolText(
            tool.GetProperty("name").GetString()!,
            tool.GetProperty("description").GetString()!,
            tool.GetProperty("parameters").Clone()))];
    }

    private static string ReadResource(string name)
    {
        using Stream stream = typeof(AgentPrompt).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The agent was built without its resource {name}.");
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }
}

/// <summary>What the model is told about a tool.</summary>
internal sealed record ToolText(string Name, string Description, JsonElement Parameters);

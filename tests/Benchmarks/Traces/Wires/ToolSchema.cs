using System.Text.Json.Nodes;

namespace Benchmarks.Traces.Wires;

/// <summary>A tool that a client offers; it takes one string.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">As long as makes the tool as large as the real one.</param>
internal sealed record ToolSchema(string Name, string Description)
{
    /// <summary>Its only parameter.</summary>
    public const string Parameter = "input";

    /// <summary>The parameters as JSON schema.</summary>
    public static JsonObject Parameters() => new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject { [Parameter] = new JsonObject { ["type"] = "string" } },
        ["required"] = new JsonArray(Parameter),
    };
}

using System.Text.Json.Nodes;

namespace Clients.Specs.Programs;

/// <summary>Reads outputs that have a JSON object in each line.</summary>
internal static class OutputEvents
{
    public static int Count(string output, Func<JsonNode, bool> condition) =>
        output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(line => condition(JsonNode.Parse(line)!));
}

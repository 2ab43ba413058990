using System.Text.Json.Nodes;

namespace Benchmarks.Traces;

/// <summary>JSON over HTTP.</summary>
internal static class JsonHttp
{
    public static async Task<JsonNode> GetFromJsonNodeAsync(this HttpClient http, string path, CancellationToken cancellationToken) =>
        JsonNode.Parse(await http.GetStringAsync(path, cancellationToken))!;
}

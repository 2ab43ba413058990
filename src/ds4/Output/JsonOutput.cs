using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ds4Provider.Cli.Output;

/// <summary>The same answers for programs: one JSON value a line on standard output.</summary>
internal static class JsonOutput
{
    // For a terminal and for other programs, never for a page: a path with an accent stays readable.
    private static readonly JsonSerializerOptions Plain = new(JsonSerializerOptions.Default) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Option<bool> Option() => new("--json") { Description = "Answer in JSON, a value a line." };

    public static void Write(JsonNode value) => Console.Out.WriteLine(value.ToJsonString(Plain));
}

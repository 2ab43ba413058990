using System.CommandLine;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ds4Provider.Cli.Output;

/// <summary>The same answers for programs: one JSON value a line on standard output.</summary>
internal static class JsonOutput
{
    public static Option<bool> Option() => new("--json") { Description = "Answer in JSON, a value a line." };

    public static void Write(JsonNode value) => Console.Out.WriteLine(Format(value, indented: false));

    /// <summary>JSON for a terminal or another program, never for a page: a path with an accent stays readable.</summary>
    public static string Format(JsonNode value, bool indented)
    {
        using var text = new MemoryStream();
        using (var writer = new Utf8JsonWriter(text, new JsonWriterOptions { Indented = indented, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            value.WriteTo(writer);
        return Encoding.UTF8.GetString(text.ToArray());
    }
}

using System.Text.Json.Nodes;

namespace Ds4Provider.Server.Specs.Serving;

/// <summary>Reads the events of a streamed reply.</summary>
internal sealed class EventReader(HttpResponseMessage response) : IDisposable
{
    private StreamReader? lines;
    private string? name;

    public string? ContentType => response.Content.Headers.ContentType?.MediaType;

    /// <summary>The next event; null at <c>[DONE]</c> or at the end of the stream.</summary>
    public async Task<JsonNode?> NextAsync()
    {
        lines ??= new StreamReader(await response.Content.ReadAsStreamAsync());
        while (await lines.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(20)) is { } line)
        {
            if (line.Length == 0)
                continue;
            if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                name = line["event: ".Length..];
                continue;
            }
            line.ShouldStartWith("data: ");
            string data = line["data: ".Length..];
            if (data == "[DONE]")
            {
                IsDone = true;
                return null;
            }
            JsonNode parsed = JsonNode.Parse(data)!;
            if (name is not null)
                parsed["type"]!.GetValue<string>().ShouldBe(name, "the name of an event is its type");
            name = null;
            return parsed;
        }
        return null;
    }

    /// <summary>Whether <c>[DONE]</c> was read.</summary>
    public bool IsDone { get; private set; }

    public async Task<List<JsonNode>> AllAsync()
    {
        var all = new List<JsonNode>();
        while (await NextAsync() is { } next)
            all.Add(next);
        return all;
    }

    public void Dispose() => response.Dispose();
}

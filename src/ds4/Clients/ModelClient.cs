using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ds4Provider.Wire.Sockets;

namespace Ds4Provider.Cli.Clients;

/// <summary>What one timed reply took.</summary>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="CachedTokens">Those that were not evaluated again.</param>
/// <param name="ReplyTokens">Tokens of the reply.</param>
/// <param name="FirstToken">Time to the first of them.</param>
/// <param name="Rest">Time of all others.</param>
internal sealed record TimedReply(int PromptTokens, int CachedTokens, int ReplyTokens, TimeSpan FirstToken, TimeSpan Rest);

/// <summary>Asks the model server over its Unix socket, as agents do.</summary>
internal sealed class ModelClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly string _model;

    public ModelClient(string socket, string model)
    {
        _model = model;
        _http = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, cancellationToken) => await UnixSocketStream.ConnectAsync(socket, cancellationToken).ConfigureAwait(false),
        })
        {
            BaseAddress = new Uri("http://localhost/"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>Lets the model continue a text and times it.</summary>
    /// <exception cref="IOException">The server refused, with its reason.</exception>
    public async Task<TimedReply> CompleteAsync(string prompt, int tokens, CancellationToken cancellationToken)
    {
        var body = new JsonObject
        {
            ["model"] = _model,
            ["prompt"] = prompt,
            ["max_tokens"] = tokens,
            ["stream"] = true,
            ["stream_options"] = new JsonObject { ["include_usage"] = true },
        };
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body.ToJsonString()));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/completions") { Content = content };
        long begun = Stopwatch.GetTimestamp();
        using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
            throw new IOException($"The server refused ({(int)response.StatusCode}): {await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false)}");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false));
        return await ReadAsync(reader, begun, cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => _http.Dispose();

    private static async Task<TimedReply> ReadAsync(StreamReader reader, long begun, CancellationToken cancellationToken)
    {
        TimeSpan? first = null;
        TimeSpan last = default;
        JsonElement usage = default;
        while (await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            if (!line.StartsWith("data: {", StringComparison.Ordinal))
                continue;
            using JsonDocument document = JsonDocument.Parse(line["data: ".Length..]);
            if (document.RootElement.TryGetProperty("usage", out JsonElement told) && told.ValueKind == JsonValueKind.Object)
                usage = told.Clone();
            if (!HasText(document.RootElement))
                continue;
            last = Stopwatch.GetElapsedTime(begun);
            first ??= last;
        }
        if (usage.ValueKind != JsonValueKind.Object)
            throw new IOException("The server ended the reply without its usage; see `ds4 logs`.");
        TimeSpan whole = Stopwatch.GetElapsedTime(begun);
        return new TimedReply(
            usage.GetProperty("prompt_tokens").GetInt32(), Cached(usage), usage.GetProperty("completion_tokens").GetInt32(), first ?? whole, last - (first ?? last));
    }

    private static bool HasText(JsonElement chunk) =>
        chunk.TryGetProperty("choices", out JsonElement choices) && choices.GetArrayLength() > 0
        && choices[0].TryGetProperty("text", out JsonElement text) && text.GetString() is { Length: > 0 };

    private static int Cached(JsonElement usage) =>
        usage.TryGetProperty("prompt_tokens_details", out JsonElement details) && details.ValueKind == JsonValueKind.Object
        && details.TryGetProperty("cached_tokens", out JsonElement cached) ? cached.GetInt32() : 0;
}

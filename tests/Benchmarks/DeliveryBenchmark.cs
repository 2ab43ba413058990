using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Benchmarks.Traces;
using Ds4Provider.Engine.Tokenization;
using Ds4Provider.Server.Hosting;

namespace Benchmarks;

/// <summary>What lies between the engine and the client, with the real server on a real socket and an engine that costs nothing.</summary>
internal static class DeliveryBenchmark
{
    private const int Tokens = 2_000;

    public static async Task RunAsync(BytePairTokenizer tokenizer)
    {
        var paced = new OneWordModel(tokenizer, Tokens) { Pace = TimeSpan.FromMilliseconds(2) };
        var arrived = await StreamAsync(paced);
        var delivery = new Percentiles("token sampled → bytes at the client");
        for (var i = 0; i < Math.Min(arrived.Count, paced.Asked.Count); i++)
        {
            delivery.Add(arrived[i] - paced.Asked[i]);
        }

        delivery.Print();

        var free = new OneWordModel(tokenizer, Tokens);
        await StreamAsync(free);
        var work = new Percentiles("server per token, sampling, mask, parser and stream included");
        for (var i = 1; i < free.Asked.Count; i++)
        {
            work.Add(free.Asked[i] - free.Asked[i - 1]);
        }

        work.Print();
    }

    /// <summary>Streams one reply of text; returns when each of its pieces came.</summary>
    private static async Task<List<long>> StreamAsync(OneWordModel model)
    {
        await using var server = await TraceServer.StartAsync(model, new ServerLimits(), TimeProvider.System);
        var arrived = new List<long>();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/chat/completions", UriKind.Relative))
        {
            Content = new StringContent(Request(), Encoding.UTF8, "application/json"),
        };
        using var response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.Contains("\"content\":\"", StringComparison.Ordinal) && !line.Contains("\"content\":\"\"", StringComparison.Ordinal))
            {
                arrived.Add(Stopwatch.GetTimestamp());
            }
        }

        return arrived;
    }

    private static string Request() => JsonSerializer.Serialize(new
    {
        model = "demo",
        stream = true,
        thinking = false,
        temperature = 0,
        messages = new[] { new { role = "user", content = "Hi" } },
        tools = ToolSet.Schemas.Select(tool => new { type = "function", function = new { name = tool.Name, parameters = JsonElement.Parse(tool.Schema) } }),
    });
}

using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;
using Ds4Provider.Wire.Server;

namespace Ds4Provider.Server.Specs.Sessions.Disk;

/// <summary>A server ends, and the next one goes on.</summary>
public sealed class RestartSpecs : IDisposable
{
    private const string Greedy = """{"max_tokens":24,"thinking":false}""";
    private static readonly string LongQuestion = string.Join(' ', Enumerable.Range(1, 120).Select(number => $"Line {number}."));

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ds4-restart-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact(Timeout = 120_000)]
    public async Task The_last_conversation_goes_on_after_a_restart_without_prefill_and_as_it_would_have_gone_on()
    {
        JsonNode first = await ReplyOfNewServerAsync(Ask.For(LongQuestion, Greedy), folder.FullName);
        string next = NextRequest(first, "And now?");

        (JsonNode reply, string? cache, string metrics) = await TalkAsync(next, folder.FullName);
        JsonNode without = await ReplyOfNewServerAsync(next, checkpoints: null);

        Text(reply).ShouldBe(Text(without));
        Cached(reply).ShouldBeGreaterThanOrEqualTo(Usage(first, "prompt_tokens"));
        Cached(without).ShouldBe(0);
        cache.ShouldStartWith("hit; source=disk; ");
        metrics.ShouldContain("ds4_prompts_begun_total{source=\"disk\"} 1\n");
        metrics.ShouldMatch("ds4_stored_states [1-9]");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_request_that_is_repeated_after_a_restart_pays_no_more_than_its_tail()
    {
        JsonNode first = await ReplyOfNewServerAsync(Ask.For(LongQuestion, Greedy), folder.FullName);
        string next = NextRequest(first, "And now?");
        await ReplyOfNewServerAsync(next, folder.FullName);

        JsonNode repeated = await ReplyOfNewServerAsync(next, folder.FullName);

        Cached(repeated).ShouldBeGreaterThanOrEqualTo(Usage(first, "prompt_tokens"));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_turn_is_replayed_as_it_was_sampled_by_the_server_before()
    {
        const string Tools = $$"""{"tools":[{{Ask.Tool}}]}""";
        Script odd = new Script().Think("I read it.").CallJson("read", "lines", "[1,2.0]");
        JsonNode first = await ReplyOfScriptAsync(odd, Ask.For(LongQuestion, Tools));
        JsonNode turn = first["choices"]![0]!["message"]!.DeepClone();
        JsonNode call = turn["tool_calls"]![0]!;
        call["function"]!["arguments"] = """{"lines":[1,2]}"""; // as a client in JavaScript spells it
        string next = Ask.For("", new JsonObject
        {
            ["tools"] = JsonNode.Parse($"[{Ask.Tool}]"),
            ["messages"] = new JsonArray(
                new JsonObject { ["role"] = "user", ["content"] = LongQuestion }, turn,
                new JsonObject { ["role"] = "tool", ["tool_call_id"] = call["id"]!.DeepClone(), ["content"] = "x" }),
        }.ToJsonString());

        JsonNode reply = await ReplyOfScriptAsync(new Script().Think("").Say("ok"), next);

        // All of the reply but its last token, which nobody has evaluated yet.
        Cached(reply).ShouldBe(Usage(first, "prompt_tokens") + odd.Tokens.Count - 1);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_folder_that_cannot_be_used_does_not_stop_the_server()
    {
        string file = Path.Combine(folder.FullName, "file");
        await File.WriteAllTextAsync(file, "in the way");

        JsonNode reply = await ReplyOfNewServerAsync(Ask.For("Hi", Greedy), file);

        Text(reply).ShouldNotBeNull();
    }

    private static async Task<JsonNode> ReplyOfNewServerAsync(string request, string? checkpoints) => (await TalkAsync(request, checkpoints)).Reply;

    private static async Task<(JsonNode Reply, string? Cache, string Metrics)> TalkAsync(string request, string? checkpoints)
    {
        await using TestServer server = TestServer.Launch(new ScriptedModel(), open: RealEngine.OpenDemo, checkpoints: checkpoints);
        await server.Output.WaitForAsync<ServerReady>();
        using HttpResponseMessage response = await server.PostAsync(request);
        response.EnsureSuccessStatusCode();
        JsonNode reply = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        return (reply, HeaderOf(response.Headers), await server.Http.GetStringAsync("/metrics"));
    }

    private async Task<JsonNode> ReplyOfScriptAsync(Script script, string request)
    {
        await using TestServer server = TestServer.Launch(new ScriptedModel().Replies(script), checkpoints: folder.FullName);
        await server.Output.WaitForAsync<ServerReady>();
        return await server.ReplyAsync(request);
    }

    private static string? HeaderOf(HttpResponseHeaders headers) => headers.TryGetValues("X-Ds4-Cache", out IEnumerable<string>? values) ? values.Single() : null;

    private static string NextRequest(JsonNode reply, string question) => Ask.For("", new JsonObject
    {
        ["max_tokens"] = 24,
        ["thinking"] = false,
        ["messages"] = new JsonArray(
            new JsonObject { ["role"] = "user", ["content"] = LongQuestion },
            reply["choices"]![0]!["message"]!.DeepClone(),
            new JsonObject { ["role"] = "user", ["content"] = question }),
    }.ToJsonString());

    private static string Text(JsonNode reply) => reply["choices"]![0]!["message"]!["content"]!.GetValue<string>();

    private static int Usage(JsonNode reply, string name) => reply["usage"]![name]!.GetValue<int>();

    private static int Cached(JsonNode reply) => reply["usage"]!["prompt_tokens_details"]!["cached_tokens"]!.GetValue<int>();
}

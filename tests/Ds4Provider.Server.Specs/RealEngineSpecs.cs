using System.Text.Json.Nodes;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;

namespace Ds4Provider.Server.Specs;

public sealed class RealEngineSpecs
{
    private const string Greedy = """{"max_tokens":24,"thinking":false}""";

    [Fact(Timeout = 120_000)]
    public async Task Greedy_replies_of_a_real_model_repeat_and_its_nonsense_comes_back_as_the_very_same_tokens()
    {
        await using TestServer server = TestServer.Launch(new ScriptedModel(), open: RealEngine.OpenTiny);
        await server.Output.WaitForAsync<Wire.Server.ServerReady>();

        JsonNode first = await server.ReplyAsync(Ask.For("Hi", Greedy));
        JsonNode again = await server.ReplyAsync(Ask.For("Hi", Greedy));
        JsonNode message = first["choices"]![0]!["message"]!;
        JsonNode next = await server.ReplyAsync(Ask.For("Hi", new JsonObject
        {
            ["max_tokens"] = 4,
            ["thinking"] = false,
            ["messages"] = new JsonArray(
                new JsonObject { ["role"] = "user", ["content"] = "Hi" }, message.DeepClone(),
                new JsonObject { ["role"] = "user", ["content"] = "More" }),
        }.ToJsonString()));

        // Random weights write bytes that are no text; replay does not depend on their being text.
        again["choices"]![0]!["message"]!.ToJsonString().ShouldBe(message.ToJsonString());
        int written = first["usage"]!["completion_tokens"]!.GetValue<int>();
        written.ShouldBeGreaterThan(0);
        bool ended = first["choices"]![0]!["finish_reason"]!.GetValue<string>() == "stop";
        next["usage"]!["prompt_tokens_details"]!["cached_tokens"]!.GetValue<int>()
            .ShouldBe(first["usage"]!["prompt_tokens"]!.GetValue<int>() + written - (ended ? 0 : 1));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_client_that_leaves_stops_a_real_prefill()
    {
        await using TestServer server = TestServer.Launch(new ScriptedModel(), open: RealEngine.OpenTiny);
        await server.Output.WaitForAsync<Wire.Server.ServerReady>();

        using (await server.PostAsync(Ask.Streamed(new string('x', 3000), Greedy)))
            await server.Output.WaitForAsync<Wire.Server.ServerWork>(w => w.ActiveRequests == 1);

        await server.Output.WaitForAsync<Wire.Server.ServerWork>(w => w.ActiveRequests == 0);
        await server.ReplyAsync(Ask.For("Hi", Greedy));
    }
}

using System.Text.Json.Nodes;
using Ds4Provider.Server.Hosting;
using Ds4Provider.Server.Sessions;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;
using Ds4Provider.Wire.Server;

namespace Ds4Provider.Server.Specs.Sessions;

public sealed class ExplanationSpecs
{
    [Theory(Timeout = 30_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_header_tells_what_a_prompt_found(bool stream)
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel());
        string ask = stream ? Ask.Streamed("Hello") : Ask.For("Hello");

        using HttpResponseMessage first = await server.PostAsync(ask);
        await first.Content.ReadAsStringAsync();
        using HttpResponseMessage second = await server.PostAsync(ask);
        await second.Content.ReadAsStringAsync();

        first.Headers.GetValues("X-Ds4-Cache").ShouldBe(["miss; source=none; cached=0; prompt=5"]);
        second.Headers.GetValues("X-Ds4-Cache").ShouldBe(["hit; source=memory; cached=3; prompt=5"]);
    }

    [Fact(Timeout = 30_000)]
    public async Task Metrics_and_heartbeats_tell_the_source_of_reused_tokens()
    {
        await using TestServer server = await TestServer.StartAsync(
            new ScriptedModel { BeforeTile = () => Thread.Sleep(5) }, new ServerLimits { Heartbeat = TimeSpan.FromMilliseconds(20) });
        JsonNode reply = await server.ReplyAsync(Ask.For("Hello"));
        await server.ReplyAsync(Ask.For("Hello"));

        string metrics = await server.Http.GetStringAsync("/metrics");
        metrics.ShouldContain("ds4_prompts_begun_total{source=\"none\"} 1\n");
        metrics.ShouldContain("ds4_prompts_begun_total{source=\"checkpoint\"} 1\n");
        metrics.ShouldContain("ds4_reused_tokens_total{source=\"checkpoint\"} 3\n");
        metrics.ShouldContain("ds4_slots 1\n");
        metrics.ShouldContain("ds4_checkpoints_evicted_total 0\n");
        ServerWork work = await server.Output.WaitForAsync<ServerWork>(w => w.Reuse is { Share: > 0.2, SecondsSaved: >= 0 });
        work.Reuse!.Slots.ShouldBe(1);
        work.Reuse.Checkpoints.ShouldBePositive();
    }

    [Fact]
    public void A_place_in_a_prompt_is_told_as_a_message()
    {
        var tokenizer = new ScriptedTokenizer();
        var control = tokenizer.Control;
        int x = tokenizer.Encode("x")[0];
        int[] prompt = [control.BeginOfSentence, x, x, control.User, x, x, control.Assistant, x, control.EndOfSentence, control.User, x];

        PromptPlace.Of(prompt, 1, control).ShouldBe(new PromptPlace(0, "system"));
        PromptPlace.Of(prompt, 4, control).ShouldBe(new PromptPlace(1, "user"));
        PromptPlace.Of(prompt, 7, control).ShouldBe(new PromptPlace(2, "assistant"));
        PromptPlace.Of(prompt, 10, control).ShouldBe(new PromptPlace(3, "user"));
    }
}

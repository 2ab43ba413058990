using System.Text.Json.Nodes;
using Ds4Provider.Server.Hosting;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;
using Ds4Provider.Wire.Server;

namespace Ds4Provider.Server.Specs.Sessions;

public sealed class SchedulingSpecs
{
    private static readonly ServerLimits TwoSlots = new() { Slots = 2 };

    [Fact(Timeout = 30_000)]
    public async Task Two_conversations_and_a_title_take_turns_in_one_slot_and_lose_nothing()
    {
        var model = new ScriptedModel();
        await using TestServer server = await TestServer.StartAsync(model);
        JsonArray one = [User("I am the first conversation")], other = [User("And I am another one")];

        for (int turn = 0; turn < 4; turn++)
        {
            foreach (JsonArray messages in (JsonArray[])[one, other])
            {
                JsonNode reply = await TalkAsync(server, messages);
                // What is evaluated is the new turn, however long the conversation.
                (Usage(reply, "prompt_tokens") - Cached(reply)).ShouldBeLessThan(turn == 0 ? 35 : 20);
                messages.Add(reply["choices"]![0]!["message"]!.DeepClone());
                messages.Add(User($"Turn {turn}"));
            }
            await TalkAsync(server, [User($"A title for turn {turn}, please")]);
        }
    }

    [Fact(Timeout = 30_000)]
    public async Task What_all_conversations_of_a_client_begin_with_is_evaluated_once()
    {
        var model = new ScriptedModel();
        await using TestServer server = await TestServer.StartAsync(model);
        string system = new('s', 500);

        JsonNode first = await TalkAsync(server, [System(system), User("One")]);
        JsonNode second = await TalkAsync(server, [System(system), User("Two")]);

        Cached(first).ShouldBe(0);
        Cached(second).ShouldBe(501); // begin-of-sentence, and the system text to its last token
    }

    [Fact(Timeout = 30_000)]
    public async Task A_short_request_does_not_wait_for_the_end_of_a_long_prompt()
    {
        var model = new ScriptedModel(contextLength: 100_000) { BeforeTile = () => Thread.Sleep(2) };
        await using TestServer server = await TestServer.StartAsync(model, TwoSlots);
        Task<JsonNode> longest = server.ReplyAsync(Ask.For(new string('x', 40_000)));
        await Eventually.HoldsAsync(() => model.Tiles > 10, "the long prompt has begun");

        await server.ReplyAsync(Ask.For("Hi"));

        longest.IsCompleted.ShouldBeFalse();
        await longest;
    }

    [Fact(Timeout = 30_000)]
    public async Task Replies_go_on_while_a_prompt_is_evaluated()
    {
        var model = new ScriptedModel(contextLength: 100_000) { BeforeTile = () => Thread.Sleep(2), BeforeDecode = () => Thread.Sleep(1) };
        await using TestServer server = await TestServer.StartAsync(
            model.Replies(new Script().Think("").Say(new string('y', 200))), TwoSlots);
        Task<JsonNode> reply = server.ReplyAsync(Ask.For("Hi"));
        await Eventually.HoldsAsync(() => model.Decoded > 0, "the reply has begun");

        Task<JsonNode> prompt = server.ReplyAsync(Ask.For(new string('x', 40_000)));
        await reply;

        prompt.IsCompleted.ShouldBeFalse();
        await prompt;
    }

    [Fact(Timeout = 30_000)]
    public async Task A_reply_that_is_cancelled_leaves_the_others_as_they_are()
    {
        var model = new ScriptedModel(contextLength: 1_000_000) { BeforeDecode = () => Thread.Sleep(1) };
        await using TestServer server = await TestServer.StartAsync(
            model.Replies(new Script().Unended(), new Script().Think("").Say(new string('y', 300))), TwoSlots);
        using var leave = new CancellationTokenSource();
        Task<HttpResponseMessage> endless = server.PostAsync(Ask.For("One"), cancellationToken: leave.Token);
        await Eventually.HoldsAsync(() => model.Decoded > 10, "the endless reply runs");
        Task<JsonNode> other = server.ReplyAsync(Ask.For("Two"));
        await Eventually.HoldsAsync(() => model.Together > 10, "both decode together");

        await leave.CancelAsync();
        JsonNode reply = await other;

        await Should.ThrowAsync<OperationCanceledException>(() => endless);
        reply["choices"]![0]!["message"]!["content"]!.GetValue<string>().ShouldBe(new string('y', 300));
    }

    [Fact(Timeout = 30_000)]
    public async Task Work_on_a_prompt_is_told_tile_by_tile_or_it_would_pass_for_stuck()
    {
        using var tile = new SemaphoreSlim(3);
        var model = new ScriptedModel(contextLength: 100_000) { BeforeTile = () => tile.Wait(TimeSpan.FromSeconds(20)) };
        await using TestServer server = await TestServer.StartAsync(model, new ServerLimits { Heartbeat = TimeSpan.FromMilliseconds(20) });

        Task<JsonNode> reply = server.ReplyAsync(Ask.For(new string('x', 2_000)));
        await server.Output.WaitForAsync<ServerWork>(work => work.PrefilledTokens == 3 * model.Tile);

        tile.Release(1000);
        int prompt = Usage(await reply, "prompt_tokens");
        await server.Output.WaitForAsync<ServerWork>(work => work.ActiveRequests == 0 && work.PrefilledTokens == prompt);
    }

    [Theory(Timeout = 30_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_state_that_does_not_fit_at_the_end_of_a_reply_hurts_nobody(bool clientLeaves)
    {
        var model = new ScriptedModel(contextLength: 1_000_000) { BeforeDecode = () => Thread.Sleep(1) };
        Script first = new Script().Think("").Say(new string('y', 500));
        await using TestServer server = await TestServer.StartAsync(model.Replies(clientLeaves ? first.Unended() : first, new Script().Think("").Say("Fine.")));
        using var leave = new CancellationTokenSource();
        Task<HttpResponseMessage> reply = server.PostAsync(Ask.For("One"), cancellationToken: leave.Token);
        await Eventually.HoldsAsync(() => model.Decoded > 10, "the reply runs");
        model.StatesDoNotFit = true;
        if (clientLeaves)
        {
            await leave.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(() => reply);
        }
        else
        {
            (await reply).EnsureSuccessStatusCode();
        }
        await Eventually.HoldsAsync(() => model.RefusedStates == 1, "the state was to be kept");
        model.StatesDoNotFit = false;

        JsonNode next = await server.ReplyAsync(Ask.For("Two"));

        next["choices"]![0]!["message"]!["content"]!.GetValue<string>().ShouldBe("Fine.");
    }

    private static JsonObject User(string text) => new() { ["role"] = "user", ["content"] = text };

    private static JsonObject System(string text) => new() { ["role"] = "system", ["content"] = text };

    private static Task<JsonNode> TalkAsync(TestServer server, JsonArray messages) =>
        server.ReplyAsync(new JsonObject { ["model"] = "demo", ["messages"] = messages.DeepClone() }.ToJsonString());

    private static int Usage(JsonNode reply, string field) => reply["usage"]![field]!.GetValue<int>();

    private static int Cached(JsonNode reply) => reply["usage"]!["prompt_tokens_details"]!["cached_tokens"]!.GetValue<int>();
}

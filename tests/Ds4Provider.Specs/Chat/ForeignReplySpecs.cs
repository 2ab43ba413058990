using Ds4Provider.Lease;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;

namespace Ds4Provider.Specs.Chat;

/// <summary>What servers of others do differently, and what becomes of it.</summary>
public sealed class ForeignReplySpecs
{
    private const string Models = """{"object":"list","data":[{"id":"deepseek-ai/DeepSeek-V4-Flash","object":"model","owned_by":"vllm","max_model_len":131072}]}""";

    [Fact(Timeout = 20_000)]
    public async Task The_context_is_what_the_server_calls_the_models_longest_length()
    {
        await using ModelServer server = await StartAsync(Sse.Text("x"), Sse.Finish(), Sse.Done);
        await using Ds4Runtime runtime = Attach(server);

        (await runtime.PrepareAsync(Ds4Model.FlashId, cancellationToken: TimesUp)).ContextWindow.ShouldBe(131_072);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_call_that_comes_whole_in_one_piece_and_no_usage_are_fine()
    {
        List<ChatResponseUpdate> updates = await ReplyAsync(
            Sse.CallStart(0, "call_a", "read", """{"path":"a.cs"}"""), Sse.Finish("tool_calls"), Sse.Done);

        Pieces(updates).ShouldBe([new(0, "call_a", "read", """{"path":"a.cs"}""")]);
        Calls(updates).ShouldHaveSingleItem().Arguments!["path"]!.ToString().ShouldBe("a.cs");
        updates.SelectMany(update => update.Contents).OfType<UsageContent>().ShouldBeEmpty();
    }

    [Theory(Timeout = 20_000)]
    [InlineData("\"index\":0,")]
    [InlineData("")]
    public async Task Calls_with_one_index_or_none_are_told_apart_by_their_ids(string index)
    {
        string[] calls = [.. "ab".Select(letter => Sse.Chunk(
            $$$"""{"tool_calls":[{{{{index}}}"id":"call_{{{letter}}}","type":"function","function":{"name":"read","arguments":"{\"path\":\"{{{letter}}}\"}"}}]}"""))];

        List<ChatResponseUpdate> updates = await ReplyAsync([.. calls, Sse.Finish("tool_calls"), Sse.Done]);

        Calls(updates).Select(call => (call.CallId, call.Arguments!["path"]!.ToString())).ShouldBe([("call_a", "a"), ("call_b", "b")]);
        Pieces(updates).Select(piece => piece.Index).ShouldBe([0, 1]);
    }

    [Fact(Timeout = 20_000)]
    public async Task Pieces_of_one_call_may_each_have_an_id()
    {
        List<ChatResponseUpdate> updates = await ReplyAsync(
            Sse.CallStart(0, "id-1", "read", """{"path":"""),
            Sse.Chunk("""{"tool_calls":[{"index":0,"id":"id-2","function":{"arguments":"\"a.cs\"}"}}]}"""),
            Sse.Finish("tool_calls"), Sse.Done);

        FunctionCallContent call = Calls(updates).ShouldHaveSingleItem();
        call.CallId.ShouldBe("id-1");
        call.Arguments!["path"]!.ToString().ShouldBe("a.cs");
    }

    [Fact(Timeout = 20_000)]
    public async Task Reasoning_may_go_by_its_short_name()
    {
        List<ChatResponseUpdate> updates = await ReplyAsync(Sse.Chunk("""{"reasoning":"hm"}"""), Sse.Text("x"), Sse.Finish(), Sse.Done);

        updates.SelectMany(update => update.Contents).OfType<TextReasoningContent>().ShouldHaveSingleItem().Text.ShouldBe("hm");
    }

    [Fact(Timeout = 20_000)]
    public async Task Fields_that_are_null_or_unknown_are_no_matter()
    {
        List<ChatResponseUpdate> updates = await ReplyAsync(
            """{"id":"1","object":"chat.completion.chunk","created":1,"model":"m","system_fingerprint":null,"usage":null,"choices":[{"index":0,"delta":{"role":"assistant","content":"x","tool_calls":null,"refusal":null},"logprobs":null,"finish_reason":null,"matched_stop":null}]}""",
            Sse.Finish(), Sse.Done);

        updates.ToChatResponse().Text.ShouldBe("x");
    }

    private static Task<ModelServer> StartAsync(params string[] events) => ModelServer.StartOnPortAsync(context => context.Request.Path == "/v1/models"
        ? context.Response.WriteAsync(Models)
        : Sse.SendAsync(context, events));

    private static Ds4Runtime Attach(ModelServer server) => new(new AttachedServer(server.Address, null), TimeProvider.System);

    private static async Task<List<ChatResponseUpdate>> ReplyAsync(params string[] events)
    {
        await using ModelServer server = await StartAsync(events);
        await using Ds4Runtime runtime = Attach(server);
        return await runtime.CreateChatClient(Ds4Model.FlashId).GetStreamingResponseAsync("hi", null, TimesUp).ToListAsync(TimesUp);
    }

    private static FunctionCallContent[] Calls(IEnumerable<ChatResponseUpdate> updates) =>
        [.. updates.SelectMany(update => update.Contents).OfType<FunctionCallContent>()];

    private static Ds4ToolCallUpdate[] Pieces(IEnumerable<ChatResponseUpdate> updates) =>
        [.. updates.Select(update => update.TryGetToolCallUpdate(out Ds4ToolCallUpdate? piece) ? piece : null).OfType<Ds4ToolCallUpdate>()];
}

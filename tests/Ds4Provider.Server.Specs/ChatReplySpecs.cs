using System.Text.Json.Nodes;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;

namespace Ds4Provider.Server.Specs;

public sealed class ChatReplySpecs
{
    private const string WithTool = $$"""{"tools":[{{Ask.Tool}}]}""";

    [Fact(Timeout = 30_000)]
    public async Task A_reply_has_text_reasoning_reason_and_usage()
    {
        await using TestServer server = await TestServer.StartAsync(
            new ScriptedModel().Replies(new Script().Think("Let me see.").Say("Hello world")));

        JsonNode body = await server.ReplyAsync(Ask.For("Hi"));

        body["id"]!.GetValue<string>().ShouldStartWith("chatcmpl-");
        body["object"]!.GetValue<string>().ShouldBe("chat.completion");
        body["model"]!.GetValue<string>().ShouldBe("demo");
        JsonNode choice = body["choices"]!.AsArray().ShouldHaveSingleItem()!;
        choice["message"]!["role"]!.GetValue<string>().ShouldBe("assistant");
        choice["message"]!["content"]!.GetValue<string>().ShouldBe("Hello world");
        choice["message"]!["reasoning_content"]!.GetValue<string>().ShouldBe("Let me see.");
        choice["message"]!.AsObject().ContainsKey("tool_calls").ShouldBeFalse();
        choice["finish_reason"]!.GetValue<string>().ShouldBe("stop");
        // begin-of-sentence, user, two letters, assistant, think
        body["usage"]!["prompt_tokens"]!.GetValue<int>().ShouldBe(6);
        // eleven letters and the closing token of the reasoning, two words
        body["usage"]!["completion_tokens"]!.GetValue<int>().ShouldBe(14);
        body["usage"]!["total_tokens"]!.GetValue<int>().ShouldBe(20);
        body["usage"]!["prompt_tokens_details"]!["cached_tokens"]!.GetValue<int>().ShouldBe(0);
        body["usage"]!["completion_tokens_details"]!["reasoning_tokens"]!.GetValue<int>().ShouldBe(11);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_stream_has_the_role_first_then_deltas_the_reason_the_usage_and_the_end_marker()
    {
        await using TestServer server = await TestServer.StartAsync(
            new ScriptedModel().Replies(new Script().Think("Hm").Say("Hello world")));

        using EventReader reader = await server.StreamAsync(Ask.Streamed("Hi", """{"stream_options":{"include_usage":true}}"""));
        List<JsonNode> events = await reader.AllAsync();

        reader.ContentType.ShouldBe("text/event-stream");
        reader.IsDone.ShouldBeTrue();
        Deltas(events).ShouldBe(
        [
            """{"role":"assistant"}""",
            """{"reasoning_content":"H"}""", """{"reasoning_content":"m"}""",
            """{"content":"Hello"}""", """{"content":" world"}""",
            "{}",
        ]);
        events[^2]["choices"]![0]!["finish_reason"]!.GetValue<string>().ShouldBe("stop");
        events[..^2].ShouldAllBe(e => e["choices"]![0]!.AsObject().ContainsKey("finish_reason") && e["choices"]![0]!["finish_reason"] == null);
        events[^1]["choices"]!.AsArray().ShouldBeEmpty();
        events[^1]["usage"]!["completion_tokens"]!.GetValue<int>().ShouldBe(5);
        events.Select(e => e["id"]!.GetValue<string>()).Distinct().ShouldHaveSingleItem().ShouldStartWith("chatcmpl-");
        events.Select(e => e["created"]!.GetValue<long>()).Distinct().Count().ShouldBe(1);
    }

    [Fact(Timeout = 30_000)]
    public async Task Usage_is_streamed_only_when_asked_for()
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel());

        using EventReader reader = await server.StreamAsync(Ask.Streamed("Hi"));

        (await reader.AllAsync()).ShouldAllBe(e => !e.AsObject().ContainsKey("usage"));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_call_is_streamed_as_a_header_and_fragments_of_its_arguments()
    {
        await using TestServer server = await TestServer.StartAsync(
            new ScriptedModel().Replies(new Script().Think("Read it.").Say("I look.").Call("read", ("path", "a \"b\".txt"))));

        using EventReader reader = await server.StreamAsync(Ask.Streamed("Read", WithTool));
        List<JsonNode> events = await reader.AllAsync();

        List<JsonNode> calls = [.. events.SelectMany(e => e["choices"]!.AsArray()).Select(c => c!["delta"]!["tool_calls"]).OfType<JsonArray>().Select(c => c[0]!)];
        calls[0]["id"]!.GetValue<string>().ShouldStartWith("call_");
        calls[0]["type"]!.GetValue<string>().ShouldBe("function");
        calls[0]["function"]!["name"]!.GetValue<string>().ShouldBe("read");
        calls[1..].ShouldAllBe(c => c["id"] == null && c["function"]!["name"] == null);
        calls.ShouldAllBe(c => c["index"]!.GetValue<int>() == 0);
        calls.Count.ShouldBeGreaterThan(4);
        string arguments = string.Concat(calls.Select(c => c["function"]!["arguments"]!.GetValue<string>()));
        JsonNode.Parse(arguments)!["path"]!.GetValue<string>().ShouldBe("a \"b\".txt");
        string.Concat(events.SelectMany(e => e["choices"]!.AsArray()).Select(c => c!["delta"]!["content"]?.GetValue<string>())).ShouldBe("I look.");
        events[^1]["choices"]![0]!["finish_reason"]!.GetValue<string>().ShouldBe("tool_calls");
    }

    [Fact(Timeout = 30_000)]
    public async Task Arguments_that_are_JSON_stream_while_they_grow_and_end_whole_when_a_limit_cuts_them()
    {
        Script Script() => new Script().Think("").CallJson("read", "lines", "[{\"old\": \"a\"}, {\"old\": \"b c\"}, 12.5]");
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel().Replies(Script(), Script()));

        using EventReader reader = await server.StreamAsync(Ask.Streamed("Read", WithTool));
        List<JsonNode> events = await reader.AllAsync();
        JsonObject limited = JsonNode.Parse(WithTool)!.AsObject();
        limited["max_tokens"] = Script().Tokens.Count - 20;
        JsonNode cut = (await server.ReplyAsync(Ask.For("Read", limited.ToJsonString())))["choices"]![0]!;

        List<string> pieces = [.. events.SelectMany(e => e["choices"]!.AsArray()).SelectMany(c => c!["delta"]!["tool_calls"]?.AsArray() ?? [])
            .Select(c => c!["function"]!["arguments"]!.GetValue<string>())];
        string.Concat(pieces).ShouldBe("{\"lines\": [{\"old\": \"a\"}, {\"old\": \"b c\"}, 12.5]}");
        pieces.Max(piece => piece.Length).ShouldBeLessThan(15);
        cut["finish_reason"]!.GetValue<string>().ShouldBe("length");
        JsonNode.Parse(cut["message"]!["tool_calls"]![0]!["function"]!["arguments"]!.GetValue<string>())!["lines"].ShouldNotBeNull();
    }

    [Fact(Timeout = 30_000)]
    public async Task Several_calls_stand_in_one_reply()
    {
        await using TestServer server = await TestServer.StartAsync(
            new ScriptedModel().Replies(new Script().Think("").Call("read", ("path", "a")).CallJson("read", "lines", "[1, 2]")));

        JsonNode message = (await server.ReplyAsync(Ask.For("Read", WithTool)))["choices"]![0]!["message"]!;

        message["content"]!.GetValue<string>().ShouldBe("");
        JsonArray calls = message["tool_calls"]!.AsArray();
        calls.Count.ShouldBe(2);
        JsonNode.Parse(calls[1]!["function"]!["arguments"]!.GetValue<string>())!["lines"]!.AsArray().Count.ShouldBe(2);
        calls[0]!["id"]!.GetValue<string>().ShouldNotBe(calls[1]!["id"]!.GetValue<string>());
        calls.ShouldAllBe(c => !c!.AsObject().ContainsKey("index"));
    }

    [Theory(Timeout = 30_000)]
    [InlineData("""{"tool_choice":"none"}""", true)]
    [InlineData("{}", false)]
    public async Task Without_tools_or_with_the_choice_none_no_call_is_made(string more, bool tools)
    {
        await using TestServer server = await TestServer.StartAsync(
            new ScriptedModel().Replies(new Script().Think("").Call("read", ("path", "a")).Unended()));
        JsonObject choice = JsonNode.Parse(more)!.AsObject();
        choice["max_tokens"] = 200;
        if (tools)
            choice["tools"] = JsonNode.Parse($"[{Ask.Tool}]");

        JsonNode reply = (await server.ReplyAsync(Ask.For("Read", choice.ToJsonString())))["choices"]![0]!;

        reply["message"]!.AsObject().ContainsKey("tool_calls").ShouldBeFalse();
        reply["finish_reason"]!.GetValue<string>().ShouldBe("length");
    }

    [Theory(Timeout = 30_000)]
    [InlineData("""{"thinking":false}""")]
    [InlineData("""{"thinking":{"type":"disabled"},"reasoning_effort":"high"}""")]
    [InlineData("""{"think":false}""")]
    [InlineData("""{"reasoning_effort":"none"}""")]
    public async Task Thinking_can_be_switched_off(string more)
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel().Replies(new Script().Say("Hello")));

        JsonNode body = await server.ReplyAsync(Ask.For("Hi", more));

        body["choices"]![0]!["message"]!["content"]!.GetValue<string>().ShouldBe("Hello");
        body["choices"]![0]!["message"]!.AsObject().ContainsKey("reasoning_content").ShouldBeFalse();
        body["usage"]!["completion_tokens_details"]!["reasoning_tokens"]!.GetValue<int>().ShouldBe(0);
    }

    [Theory(Timeout = 30_000)]
    [InlineData("""{"max_tokens":3}""")]
    [InlineData("""{"max_completion_tokens":3,"max_tokens":null}""")]
    [InlineData("""{"max_completion_tokens":3,"max_tokens":8}""")]
    public async Task The_limit_of_tokens_ends_the_reply(string more)
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel().Replies(new Script().Unended()));

        JsonNode body = await server.ReplyAsync(Ask.For("Hi", more));

        body["usage"]!["completion_tokens"]!.GetValue<int>().ShouldBe(3);
        body["choices"]![0]!["finish_reason"]!.GetValue<string>().ShouldBe("length");
        body["choices"]![0]!["message"]!["reasoning_content"]!.GetValue<string>().ShouldBe("...");
    }

    [Fact(Timeout = 30_000)]
    public async Task A_reply_that_fills_the_context_ends_with_length()
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel(contextLength: 64).Replies(new Script().Unended()));

        JsonNode body = await server.ReplyAsync(Ask.For("Hi", """{"max_tokens":100000}"""));

        body["usage"]!["total_tokens"]!.GetValue<int>().ShouldBe(64);
        body["choices"]![0]!["finish_reason"]!.GetValue<string>().ShouldBe("length");
    }

    [Fact(Timeout = 30_000)]
    public async Task Both_names_of_the_model_are_answered_and_echoed()
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel());

        (await server.ReplyAsync(Ask.For("Hi", """{"model":"ds4/demo"}""")))["model"]!.GetValue<string>().ShouldBe("ds4/demo");
    }

    [Fact(Timeout = 30_000)]
    public async Task Each_token_reaches_the_client_before_the_next_one_is_computed()
    {
        using var decode = new SemaphoreSlim(0);
        var model = new ScriptedModel { BeforeDecode = () => decode.Wait(TimeSpan.FromSeconds(20)) };
        await using TestServer server = await TestServer.StartAsync(model.Replies(new Script().Think("ab").Say("c")));

        using EventReader reader = await server.StreamAsync(Ask.Streamed("Hi"));
        await reader.NextAsync();
        (await reader.NextAsync())!["choices"]![0]!["delta"]!["reasoning_content"]!.GetValue<string>().ShouldBe("a");
        model.Decoded.ShouldBe(0);
        decode.Release();
        (await reader.NextAsync())!["choices"]![0]!["delta"]!["reasoning_content"]!.GetValue<string>().ShouldBe("b");
        model.Decoded.ShouldBe(1);
        decode.Release(10);
        await reader.AllAsync();
    }

    private static IEnumerable<string> Deltas(IEnumerable<JsonNode> events) =>
        events.SelectMany(e => e["choices"]!.AsArray()).Select(c => c!["delta"]!.ToJsonString());
}

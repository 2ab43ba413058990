using System.Net;
using System.Text.Json.Nodes;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;

namespace Ds4Provider.Server.Specs;

public sealed class MessagesReplySpecs
{
    private const string WithTool = $$"""{"tools":[{{Ask.MessagesTool}}]}""";

    [Fact(Timeout = 30_000)]
    public async Task A_message_has_thinking_text_calls_reason_and_usage()
    {
        await using TestServer server = await TestServer.StartAsync(
            new ScriptedModel().Replies(new Script().Think("Let me see.").Say("I look.").Call("read", ("path", "a"))));

        JsonNode body = await server.ReplyAsync(Ask.Messages("Hi", WithTool), TestServer.MessagesPath);

        body["id"]!.GetValue<string>().ShouldStartWith("msg_");
        body["type"]!.GetValue<string>().ShouldBe("message");
        body["role"]!.GetValue<string>().ShouldBe("assistant");
        body["model"]!.GetValue<string>().ShouldBe("demo");
        JsonArray content = body["content"]!.AsArray();
        content.Select(block => block!["type"]!.GetValue<string>()).ShouldBe(["thinking", "text", "tool_use"]);
        content[0]!["thinking"]!.GetValue<string>().ShouldBe("Let me see.");
        content[0]!["signature"]!.GetValue<string>().ShouldNotBeEmpty();
        content[1]!["text"]!.GetValue<string>().ShouldBe("I look.");
        content[2]!["id"]!.GetValue<string>().ShouldMatch("^toolu_[0-9a-f]{32}$");
        content[2]!["name"]!.GetValue<string>().ShouldBe("read");
        content[2]!["input"]!.ToJsonString().ShouldBe("""{"path":"a"}""");
        body["stop_reason"]!.GetValue<string>().ShouldBe("tool_use");
        body.AsObject().ContainsKey("stop_sequence").ShouldBeTrue();
        body["usage"]!["cache_read_input_tokens"]!.GetValue<int>().ShouldBe(0);
        body["usage"]!["output_tokens_details"]!["thinking_tokens"]!.GetValue<int>().ShouldBe(11);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_stream_opens_and_closes_each_block_and_streams_arguments()
    {
        await using TestServer server = await TestServer.StartAsync(
            new ScriptedModel().Replies(new Script().Think("Hm").Say("Hello").Call("read", ("path", "ab"))));

        using EventReader reader = await server.StreamAsync(Ask.Stream(Ask.Messages("Hi", WithTool)), path: TestServer.MessagesPath);
        List<JsonNode> events = await reader.AllAsync();

        events.Select(Describe).ShouldBe(
        [
            "message_start",
            "content_block_start thinking", "thinking_delta H", "thinking_delta m", "signature_delta", "content_block_stop",
            "content_block_start text", "text_delta Hello", "content_block_stop",
            "content_block_start tool_use", """input_json_delta {"path": " """.TrimEnd(), "input_json_delta a", "input_json_delta b",
            "input_json_delta \"", "input_json_delta }", "content_block_stop",
            "message_delta tool_use", "message_stop",
        ]);
        reader.IsDone.ShouldBeFalse("[DONE] belongs to other APIs");
        events[0]["message"]!["usage"]!["input_tokens"]!.GetValue<int>().ShouldBeGreaterThan(4);
        events[0]["message"]!["content"]!.AsArray().ShouldBeEmpty();
        MessagesCollector.Collect(events)["content"]!.AsArray().Count.ShouldBe(3);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_reply_of_reasoning_alone_has_an_empty_text()
    {
        await using TestServer server = await TestServer.StartAsync(
            new ScriptedModel().Replies(new Script().Think("Hm"), new Script().Think("Hm")));

        JsonNode body = await server.ReplyAsync(Ask.Messages("Hi"), TestServer.MessagesPath);
        using EventReader reader = await server.StreamAsync(Ask.Stream(Ask.Messages("Hi")), path: TestServer.MessagesPath);

        foreach (JsonNode message in (JsonNode[])[body, MessagesCollector.Collect(await reader.AllAsync())])
        {
            message["content"]!.AsArray().Count.ShouldBe(2);
            message["content"]![1]!.ToJsonString().ShouldBe("""{"type":"text","text":""}""");
            message["stop_reason"]!.GetValue<string>().ShouldBe("end_turn");
        }
    }

    [Theory(Timeout = 30_000)]
    [InlineData("""{"stop_sequences":["END"]}""", "stop_sequence", "END")]
    [InlineData("""{"max_tokens":3}""", "max_tokens", null)]
    [InlineData("{}", "end_turn", null)]
    public async Task The_reason_of_the_end_is_told(string more, string reason, string? sequence)
    {
        await using TestServer server = await TestServer.StartAsync(
            new ScriptedModel().Replies(new Script().Think("").Say("Hello" + "END" + " world" + "abc"), new Script().Think("").Say("Hello" + "END" + " world" + "abc")));

        JsonNode body = await server.ReplyAsync(Ask.Messages("Hi", more), TestServer.MessagesPath);
        using EventReader reader = await server.StreamAsync(Ask.Stream(Ask.Messages("Hi", more)), path: TestServer.MessagesPath);

        foreach (JsonNode message in (JsonNode[])[body, MessagesCollector.Collect(await reader.AllAsync())])
        {
            message["stop_reason"]!.GetValue<string>().ShouldBe(reason);
            message["stop_sequence"]?.GetValue<string>().ShouldBe(sequence);
        }
    }

    [Fact(Timeout = 30_000)]
    public async Task Tokens_are_counted_as_a_reply_would_count_them()
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel());
        string request = Ask.Messages("How long is this?", """{"system":"Be brief.","tools":[""" + Ask.MessagesTool + "]}");

        JsonNode count = await server.ReplyAsync(request, "/v1/messages/count_tokens");
        JsonNode reply = await server.ReplyAsync(request, "/v1/messages?beta=true");

        count["input_tokens"]!.GetValue<int>().ShouldBe(reply["usage"]!["input_tokens"]!.GetValue<int>());
    }

    [Fact(Timeout = 30_000)]
    public async Task An_agent_that_sends_its_turn_back_pays_only_for_the_new_tail()
    {
        Script first = new Script().Think("I read it.").Say("One moment.").Call("read", ("path", "a b.txt"), ("mode", "fast"));
        var model = new ScriptedModel().Replies(first, new Script().Think("Fine.").Say("Done."));
        await using TestServer server = await TestServer.StartAsync(model);

        JsonNode reply = await server.ReplyAsync(Ask.Messages("Read", WithTool), TestServer.MessagesPath);
        JsonNode next = JsonNode.Parse(Ask.Messages("Read", WithTool))!;
        next["messages"]!.AsArray().Add(new JsonObject { ["role"] = "assistant", ["content"] = reply["content"]!.DeepClone() });
        next["messages"]!.AsArray().Add(new JsonObject
        {
            ["content"] = new JsonArray(new JsonObject
            {
                ["type"] = "tool_result", ["tool_use_id"] = reply["content"]![2]!["id"]!.GetValue<string>(), ["content"] = "contents",
                ["cache_control"] = new JsonObject { ["type"] = "ephemeral" },
            }),
            ["role"] = "user",
        });
        JsonNode reply2 = await server.ReplyAsync(next.ToJsonString(), TestServer.MessagesPath);

        int prompt = reply["usage"]!["input_tokens"]!.GetValue<int>();
        reply2["usage"]!["cache_read_input_tokens"]!.GetValue<int>().ShouldBe(prompt + first.Tokens.Count - 1);
        model.Sessions.ShouldBe(1);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_failure_has_the_envelope_of_the_API_in_a_body_and_in_a_stream()
    {
        var model = new ScriptedModel { LogitsAreDamaged = true };
        await using TestServer server = await TestServer.StartAsync(model);

        using HttpResponseMessage body = await server.PostAsync(Ask.Messages("Hi"), path: TestServer.MessagesPath);
        using EventReader reader = await server.StreamAsync(Ask.Stream(Ask.Messages("Hi")), path: TestServer.MessagesPath);

        body.StatusCode.ShouldBe(HttpStatusCode.InternalServerError);
        JsonNode last = (await reader.AllAsync())[^1];
        foreach (JsonNode error in (JsonNode[])[JsonNode.Parse(await body.Content.ReadAsStringAsync())!, last])
        {
            error["type"]!.GetValue<string>().ShouldBe("error");
            error["error"]!["type"]!.GetValue<string>().ShouldBe("api_error");
        }
    }

    private static string Describe(JsonNode e)
    {
        string type = e["type"]!.GetValue<string>();
        return type switch
        {
            "content_block_start" => $"{type} {e["content_block"]!["type"]}",
            "content_block_delta" => $"{e["delta"]!["type"]} {e["delta"]!["thinking"] ?? e["delta"]!["text"] ?? e["delta"]!["partial_json"]}".Trim(),
            "message_delta" => $"{type} {e["delta"]!["stop_reason"]}",
            _ => type,
        };
    }
}

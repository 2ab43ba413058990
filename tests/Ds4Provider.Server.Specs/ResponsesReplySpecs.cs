using System.Text.Json.Nodes;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;

namespace Ds4Provider.Server.Specs;

public sealed class ResponsesReplySpecs
{
    private const string WithTool = $$"""{"tools":[{{Ask.ResponsesTool}}]}""";

    [Fact(Timeout = 30_000)]
    public async Task A_response_has_reasoning_message_calls_status_and_usage()
    {
        await using TestServer server = await TestServer.StartAsync(
            new ScriptedModel().Replies(new Script().Think("Let me see.").Say("I look.").Call("read", ("path", "a"))));

        JsonNode body = await server.ReplyAsync(
            Ask.Responses("Hi", """{"reasoning":{"effort":"high","summary":"auto"},"tools":[""" + Ask.ResponsesTool + "]}"), TestServer.ResponsesPath);

        body["id"]!.GetValue<string>().ShouldMatch("^resp_[0-9a-f]{32}$");
        body["object"]!.GetValue<string>().ShouldBe("response");
        body["status"]!.GetValue<string>().ShouldBe("completed");
        JsonArray output = body["output"]!.AsArray();
        output.Select(item => item!["type"]!.GetValue<string>()).ShouldBe(["reasoning", "message", "function_call"]);
        output[0]!["summary"]![0]!["text"]!.GetValue<string>().ShouldBe("Let me see.");
        output[1]!["content"]![0]!.ToJsonString().ShouldBe("""{"type":"output_text","text":"I look.","annotations":[],"logprobs":[]}""");
        output[2]!["call_id"]!.GetValue<string>().ShouldStartWith("call_");
        output[2]!["name"]!.GetValue<string>().ShouldBe("read");
        output[2]!["arguments"]!.GetValue<string>().ShouldBe("""{"path": "a"}""");
        output.Select(item => item!["id"]!.GetValue<string>()).Distinct().Count().ShouldBe(3);
        body["usage"]!["output_tokens_details"]!["reasoning_tokens"]!.GetValue<int>().ShouldBe(11);
        body["usage"]!["input_tokens_details"]!["cached_tokens"]!.GetValue<int>().ShouldBe(0);
        foreach (string absent in (string[])["error", "incomplete_details", "previous_response_id"])
            body.AsObject().ContainsKey(absent).ShouldBeTrue();
    }

    [Fact(Timeout = 30_000)]
    public async Task A_stream_tells_of_each_item_when_it_begins_grows_and_ends()
    {
        await using TestServer server = await TestServer.StartAsync(
            new ScriptedModel().Replies(new Script().Think("H").Say("Hello").Call("read", ("path", "a"))));

        using EventReader reader = await server.StreamAsync(Ask.Stream(Ask.Responses("Hi", WithTool)), path: TestServer.ResponsesPath);
        List<JsonNode> events = await reader.AllAsync();

        events.Select(e => e["type"]!.GetValue<string>()["response.".Length..]).ShouldBe(
        [
            "created", "in_progress",
            "output_item.added", "content_part.added", "reasoning_text.delta", "reasoning_text.done", "content_part.done", "output_item.done",
            "output_item.added", "content_part.added", "output_text.delta", "output_text.done", "content_part.done", "output_item.done",
            "output_item.added", "function_call_arguments.delta", "function_call_arguments.delta", "function_call_arguments.delta",
            "function_call_arguments.delta", "function_call_arguments.done", "output_item.done",
            "completed",
        ]);
        ResponsesCollector.Collect(events)["output"]!.AsArray().Count.ShouldBe(3);
        reader.IsDone.ShouldBeFalse("[DONE] belongs to other APIs");
    }

    [Fact(Timeout = 30_000)]
    public async Task Reasoning_goes_out_as_a_summary_when_one_is_asked_for()
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel().Replies(new Script().Think("H").Say("Hello")));

        using EventReader reader = await server.StreamAsync(
            Ask.Stream(Ask.Responses("Hi", """{"reasoning":{"summary":"auto"}}""")), path: TestServer.ResponsesPath);
        List<JsonNode> events = await reader.AllAsync();

        events.Skip(3).Take(4).Select(e => e["type"]!.GetValue<string>()["response.".Length..]).ShouldBe(
            ["reasoning_summary_part.added", "reasoning_summary_text.delta", "reasoning_summary_text.done", "reasoning_summary_part.done"]);
        events.Skip(3).Take(4).ShouldAllBe(e => e["summary_index"]!.GetValue<int>() == 0);
        ResponsesCollector.Collect(events);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_reply_that_the_limit_cut_is_incomplete_and_so_is_its_last_item()
    {
        Script called = new Script().Think("").Call("read", ("path", "abcdefgh"));
        await using TestServer server = await TestServer.StartAsync(
            new ScriptedModel().Replies(new Script().Think("a").Say("Hello").Unended(), called));

        using EventReader text = await server.StreamAsync(
            Ask.Stream(Ask.Responses("Hi", """{"max_output_tokens":6}""")), path: TestServer.ResponsesPath);
        JsonObject response = ResponsesCollector.Collect(await text.AllAsync());
        using EventReader call = await server.StreamAsync(
            Ask.Stream(Ask.Responses("Hi", $$"""{"max_output_tokens":{{called.Tokens.Count - 4}},"tools":[{{Ask.ResponsesTool}}]}""")), path: TestServer.ResponsesPath);
        JsonObject cut = ResponsesCollector.Collect(await call.AllAsync());

        response["status"]!.GetValue<string>().ShouldBe("incomplete");
        response["incomplete_details"]!["reason"]!.GetValue<string>().ShouldBe("max_output_tokens");
        response["output"]!.AsArray().Select(item => item!["status"]!.GetValue<string>()).ShouldBe(["completed", "incomplete"]);
        cut["output"]![0]!["type"]!.GetValue<string>().ShouldBe("function_call");
        cut["output"]![0]!["status"]!.GetValue<string>().ShouldBe("incomplete");
        _ = JsonNode.Parse(cut["output"]![0]!["arguments"]!.GetValue<string>());
    }

    [Fact(Timeout = 30_000)]
    public async Task An_agent_that_sends_its_items_back_pays_only_for_the_new_tail()
    {
        Script first = new Script().Think("I read it.").Say("One moment.").Call("read", ("path", "a b.txt"), ("mode", "fast"));
        var model = new ScriptedModel().Replies(first, new Script().Think("Fine.").Say("Done."));
        await using TestServer server = await TestServer.StartAsync(model);
        string more = """{"reasoning":{"summary":"auto"},"tools":[""" + Ask.ResponsesTool + "]}";

        JsonNode reply = await server.ReplyAsync(Ask.Responses("Read", more), TestServer.ResponsesPath);
        JsonNode next = JsonNode.Parse(Ask.Responses("Read", more))!;
        foreach (JsonNode? item in reply["output"]!.AsArray())
            next["input"]!.AsArray().Add(item!.DeepClone());
        next["input"]!.AsArray().Add(new JsonObject
        {
            ["type"] = "function_call_output", ["call_id"] = reply["output"]![2]!["call_id"]!.GetValue<string>(), ["output"] = "contents",
        });
        JsonNode reply2 = await server.ReplyAsync(next.ToJsonString(), TestServer.ResponsesPath);

        int prompt = reply["usage"]!["input_tokens"]!.GetValue<int>();
        reply2["usage"]!["input_tokens_details"]!["cached_tokens"]!.GetValue<int>().ShouldBe(prompt + first.Tokens.Count - 1);
        model.Sessions.ShouldBe(1);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_custom_tool_is_given_its_text()
    {
        await using TestServer server = await TestServer.StartAsync(
            new ScriptedModel().Replies(new Script().Think("").Call("patch", ("input", "*** a \"b\"\n"))));

        using EventReader reader = await server.StreamAsync(Ask.Stream(Ask.Responses("Hi", """
            {"tools":[{"type":"custom","name":"patch","description":"Patches","format":{"type":"grammar","syntax":"lark","definition":"start: x"}}]}
            """)), path: TestServer.ResponsesPath);
        JsonNode item = ResponsesCollector.Collect(await reader.AllAsync())["output"]![0]!;

        item["type"]!.GetValue<string>().ShouldBe("custom_tool_call");
        item["input"]!.GetValue<string>().ShouldBe("*** a \"b\"\n");
        item["name"]!.GetValue<string>().ShouldBe("patch");
    }

    [Fact(Timeout = 30_000)]
    public async Task A_failed_stream_ends_its_items_and_says_why()
    {
        var model = new ScriptedModel();
        model.BeforeDecode = () =>
        {
            if (model.Decoded == 3)
                throw new InvalidOperationException("the engine broke");
        };
        await using TestServer server = await TestServer.StartAsync(model.Replies(new Script().Think("").Say("abcdefgh")));

        using EventReader reader = await server.StreamAsync(Ask.Stream(Ask.Responses("Hi")), path: TestServer.ResponsesPath);
        JsonObject response = ResponsesCollector.Collect(await reader.AllAsync());

        response["status"]!.GetValue<string>().ShouldBe("failed");
        response["error"]!["code"]!.GetValue<string>().ShouldBe("server_error");
        response["error"]!["message"]!.GetValue<string>().ShouldContain("the engine broke");
        response["output"]![0]!["status"]!.GetValue<string>().ShouldBe("incomplete");
    }
}

using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Ds4Provider.Specs.Chat;

public sealed class RequestMappingSpecs
{
    private static readonly string[] Fine = [Sse.Text("ok"), Sse.Finish(), Sse.Usage(), Sse.Done];

    [Fact(Timeout = 20_000)]
    public async Task A_request_is_a_stream_with_usage_and_progress()
    {
        ReceivedRequest request = await SendAsync([new(ChatRole.User, "hi")], null);

        request.Path.ShouldBe("/v1/chat/completions");
        request.Headers["X-Ds4-Progress"].ShouldBe("1");
        request.Headers["Content-Type"].ShouldBe("application/json");
        request.Body.ShouldBe("""{"model":"demo","messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true}}""");
    }

    [Fact(Timeout = 20_000)]
    public async Task Instructions_come_first_and_roles_are_kept()
    {
        ReceivedRequest request = await SendAsync(
            [new(ChatRole.System, "sys"), new(ChatRole.User, "q"), new(ChatRole.Assistant, "a"), new(ChatRole.User, "q2") { AuthorName = "Ada" }],
            new ChatOptions { Instructions = "be brief" });

        request.Json.GetProperty("messages").EnumerateArray()
            .Select(message => $"{message.GetProperty("role")}:{message.GetProperty("content")}")
            .ShouldBe(["system:be brief", "system:sys", "user:q", "assistant:a", "user:q2"]);
        request.Json.GetProperty("messages")[4].GetProperty("name").GetString().ShouldBe("Ada");
    }

    [Fact(Timeout = 20_000)]
    public async Task Parts_of_a_user_message_stay_parts()
    {
        ReceivedRequest request = await SendAsync([new(ChatRole.User, [new TextContent("one"), new TextContent("two")])], null);

        request.Json.GetProperty("messages")[0].GetProperty("content").GetRawText()
            .ShouldBe("""[{"type":"text","text":"one"},{"type":"text","text":"two"}]""");
    }

    [Fact(Timeout = 20_000)]
    public async Task An_assistants_turn_goes_back_with_reasoning_and_calls()
    {
        var arguments = new Dictionary<string, object?>
        {
            ["path"] = "a<b>é\"\n.cs",
            ["lines"] = JsonDocument.Parse("[1, 2.50]").RootElement,
            ["none"] = null,
            ["flag"] = true,
        };
        ReceivedRequest request = await SendAsync(
            [
                new(ChatRole.User, "read"),
                new(ChatRole.Assistant,
                [
                    new TextReasoningContent("I must "), new TextReasoningContent("read."), new TextContent("Let me "), new TextContent("see."),
                    new FunctionCallContent("call_1", "read", arguments), new FunctionCallContent("call_2", "list", null),
                    new UsageContent(new UsageDetails { InputTokenCount = 3 }),
                ]),
                new(ChatRole.Tool, [new FunctionResultContent("call_1", "the file"), new FunctionResultContent("call_2", new { Count = 2 })]),
            ], null);

        JsonElement messages = request.Json.GetProperty("messages");
        messages.GetArrayLength().ShouldBe(4);
        messages[1].GetProperty("reasoning_content").GetString().ShouldBe("I must read.");
        messages[1].GetProperty("content").GetString().ShouldBe("Let me see.");
        JsonElement call = messages[1].GetProperty("tool_calls")[0];
        call.GetProperty("id").GetString().ShouldBe("call_1");
        call.GetProperty("type").GetString().ShouldBe("function");
        call.GetProperty("function").GetProperty("name").GetString().ShouldBe("read");
        call.GetProperty("function").GetProperty("arguments").GetString()
            .ShouldBe("""{"path":"a<b>é\"\n.cs","lines":[1,2.50],"none":null,"flag":true}""");
        messages[1].GetProperty("tool_calls")[1].GetProperty("function").GetProperty("arguments").GetString().ShouldBe("{}");
        messages[2].GetRawText().ShouldBe("""{"role":"tool","content":"the file","tool_call_id":"call_1"}""");
        messages[3].GetProperty("content").GetString().ShouldBe("""{"count":2}""");
    }

    [Fact(Timeout = 20_000)]
    public async Task A_turn_of_calls_alone_has_no_content()
    {
        ReceivedRequest request = await SendAsync([new(ChatRole.Assistant, [new FunctionCallContent("c", "f")])], null);

        request.Json.GetProperty("messages")[0].TryGetProperty("content", out _).ShouldBeFalse();
    }

    public static TheoryData<object?, string> Results => new()
    {
        { null, "" },
        { "text <&> é", "text <&> é" },
        { "", "" },
        { 42, "42" },
        { true, "true" },
        { JsonDocument.Parse("\"quoted\"").RootElement, "quoted" },
        { JsonDocument.Parse("""{"b":1,"a":"é"}""").RootElement, """{"b":1,"a":"é"}""" },
        { new TextContent("plain"), "plain" },
        { new List<AIContent> { new TextContent("one "), new TextContent("two") }, "one two" },
        { new[] { "x", "y" }, """["x","y"]""" },
    };

    [Theory(Timeout = 20_000)]
    [MemberData(nameof(Results), DisableDiscoveryEnumeration = true)]
    public async Task A_result_is_text_as_it_is_and_anything_else_json(object? result, string expected)
    {
        ReceivedRequest request = await SendAsync([new(ChatRole.Tool, [new FunctionResultContent("c", result)])], null);

        request.Json.GetProperty("messages")[0].GetProperty("content").GetString().ShouldBe(expected);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_failed_tool_says_so()
    {
        ReceivedRequest request = await SendAsync(
            [new(ChatRole.Tool, [new FunctionResultContent("c", null) { Exception = new IOException("disk full") }])], null);

        request.Json.GetProperty("messages")[0].GetProperty("content").GetString().ShouldBe("Error: disk full");
    }

    [Fact(Timeout = 20_000)]
    public async Task Tools_go_with_their_schema_as_it_stands()
    {
        JsonElement schema = JsonDocument.Parse("""{ "type":"object", "properties":{ "z":{"type":"string"}, "a":{"enum":["é",1.50]} } }""").RootElement;
        ReceivedRequest request = await SendAsync(
            [new(ChatRole.User, "x")],
            new ChatOptions
            {
                Tools = [AIFunctionFactory.CreateDeclaration("read", "Reads a \"file\"", schema), AIFunctionFactory.Create((int n) => n, "twice")],
                AllowMultipleToolCalls = false,
            });

        JsonElement tools = request.Json.GetProperty("tools");
        tools[0].GetProperty("type").GetString().ShouldBe("function");
        JsonElement function = tools[0].GetProperty("function");
        function.EnumerateObject().Select(property => property.Name).ShouldBe(["name", "description", "parameters"]);
        function.GetProperty("description").GetString().ShouldBe("Reads a \"file\"");
        JsonElement.DeepEquals(function.GetProperty("parameters"), schema).ShouldBeTrue();
        function.GetProperty("parameters").GetProperty("properties").EnumerateObject().Select(property => property.Name).ShouldBe(["z", "a"]);
        function.GetProperty("parameters").GetRawText().ShouldContain("1.50");
        tools[1].GetProperty("function").GetProperty("name").GetString().ShouldBe("twice");
        request.Json.GetProperty("parallel_tool_calls").GetBoolean().ShouldBeFalse();
    }

    public static TheoryData<ChatToolMode?, string?> Modes => new()
    {
        { null, null },
        { ChatToolMode.None, "\"none\"" },
        { ChatToolMode.Auto, "\"auto\"" },
        { ChatToolMode.RequireAny, "\"required\"" },
        { ChatToolMode.RequireSpecific("read"), """{"type":"function","function":{"name":"read"}}""" },
    };

    [Theory(Timeout = 20_000)]
    [MemberData(nameof(Modes), DisableDiscoveryEnumeration = true)]
    public async Task The_tool_mode_becomes_the_tool_choice(ChatToolMode? mode, string? expected)
    {
        ReceivedRequest request = await SendAsync([new(ChatRole.User, "x")], new ChatOptions { ToolMode = mode });

        Field(request, "tool_choice").ShouldBe(expected);
    }

    [Fact(Timeout = 20_000)]
    public async Task Sampling_options_are_sent_as_they_were_meant()
    {
        ReceivedRequest request = await SendAsync([new(ChatRole.User, "x")], new ChatOptions
        {
            Temperature = 0.7f,
            TopP = 0.95f,
            TopK = 40,
            Seed = long.MaxValue,
            MaxOutputTokens = 17,
            StopSequences = ["END", "\n\n"],
            PresencePenalty = 0.1f,
            AdditionalProperties = new() { ["min_p"] = 0.05 },
        });

        Field(request, "temperature").ShouldBe("0.7");
        Field(request, "top_p").ShouldBe("0.95");
        Field(request, "top_k").ShouldBe("40");
        Field(request, "min_p").ShouldBe("0.05");
        Field(request, "seed").ShouldBe("9223372036854775807");
        Field(request, "max_completion_tokens").ShouldBe("17");
        Field(request, "stop").ShouldBe("""["END","\n\n"]""");
        Field(request, "presence_penalty").ShouldBe("0.1");
    }

    [Theory(Timeout = 20_000)]
    [InlineData(null, null)]
    [InlineData(ReasoningEffort.None, "none")]
    [InlineData(ReasoningEffort.Low, "low")]
    [InlineData(ReasoningEffort.Medium, "medium")]
    [InlineData(ReasoningEffort.High, "high")]
    [InlineData(ReasoningEffort.ExtraHigh, "xhigh")]
    public async Task Reasoning_effort_is_sent(ReasoningEffort? effort, string? expected)
    {
        ReceivedRequest request = await SendAsync([new(ChatRole.User, "x")], new ChatOptions { Reasoning = new() { Effort = effort } });

        Field(request, "reasoning_effort").ShouldBe(expected is null ? null : $"\"{expected}\"");
    }

    [Theory(Timeout = 20_000)]
    [InlineData("off", "none")]
    [InlineData("minimal", "minimal")]
    [InlineData("max", "max")]
    public async Task The_exact_thinking_level_wins(string level, string expected)
    {
        ReceivedRequest request = await SendAsync([new(ChatRole.User, "x")], new ChatOptions
        {
            Reasoning = new() { Effort = ReasoningEffort.Low },
            AdditionalProperties = new() { ["thinking_level"] = level },
        });

        Field(request, "reasoning_effort").ShouldBe($"\"{expected}\"");
    }

    [Fact(Timeout = 20_000)]
    public async Task An_unknown_thinking_level_is_refused()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(Sse.Reply(Fine));

        (await Should.ThrowAsync<ArgumentException>(
            () => world.StreamAsync(options: new ChatOptions { AdditionalProperties = new() { ["thinking_level"] = "lots" } }))).Message.ShouldContain("lots");
    }

    [Fact(Timeout = 20_000)]
    public async Task A_schema_for_the_reply_is_sent()
    {
        ReceivedRequest request = await SendAsync([new(ChatRole.User, "x")], new ChatOptions
        {
            ResponseFormat = ChatResponseFormat.ForJsonSchema(JsonDocument.Parse("""{"type":"object"}""").RootElement, "answer"),
        });

        Field(request, "response_format").ShouldBe("""{"type":"json_schema","json_schema":{"name":"answer","schema":{"type":"object"}}}""");
    }

    [Theory(Timeout = 20_000)]
    [InlineData("ds4/demo", "demo")]
    [InlineData("deepseek-v4-flash", "deepseek-v4-flash")]
    public async Task A_request_may_name_another_model(string id, string expected)
    {
        ReceivedRequest request = await SendAsync([new(ChatRole.User, "x")], new ChatOptions { ModelId = id });

        request.Json.GetProperty("model").GetString().ShouldBe(expected);
    }

    public static TheoryData<AIContent, string> Foreign => new()
    {
        { new DataContent(new byte[] { 1, 2 }, "image/png"), "image/png" },
        { new UriContent("https://example.org/a.jpg", "image/jpeg"), "image/jpeg" },
        { new HostedFileContent("file-1"), "HostedFileContent" },
    };

    [Theory(Timeout = 20_000)]
    [MemberData(nameof(Foreign), DisableDiscoveryEnumeration = true)]
    public async Task What_the_model_cannot_read_is_refused_by_name_before_anything_starts(AIContent content, string named)
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(Sse.Reply(Fine));

        NotSupportedException error = await Should.ThrowAsync<NotSupportedException>(
            () => world.Client.GetResponseAsync([new(ChatRole.User, "see"), new(ChatRole.User, [content])], cancellationToken: TimesUp));

        error.Message.ShouldContain(named);
        error.Message.ShouldContain("messages[1]");
        world.Acquisitions.ShouldBe(0);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_tool_that_a_provider_would_run_is_refused_by_name()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(Sse.Reply(Fine));

        (await Should.ThrowAsync<NotSupportedException>(() => world.StreamAsync(options: new ChatOptions { Tools = [new HostedWebSearchTool()] })))
            .Message.ShouldContain("web_search");
    }

    private static string? Field(ReceivedRequest request, string name) =>
        request.Json.TryGetProperty(name, out JsonElement value) ? value.GetRawText() : null;

    private static async Task<ReceivedRequest> SendAsync(IList<ChatMessage> messages, ChatOptions? options)
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(Sse.Reply(Fine));
        (await world.Client.GetResponseAsync(messages, options, TimesUp)).Text.ShouldBe("ok");
        return world.Server.Request;
    }
}

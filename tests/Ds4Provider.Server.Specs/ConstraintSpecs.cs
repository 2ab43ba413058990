using System.Text.Json;
using System.Text.Json.Nodes;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;

namespace Ds4Provider.Server.Specs;

/// <summary>What tool_choice, parallel_tool_calls, strict and response_format promise, kept by models that do not.</summary>
public sealed class ConstraintSpecs
{
    private const string Tools = """
        "tools":[
          {"type":"function","function":{"name":"read","strict":true,"parameters":{"type":"object","properties":{"path":{"type":"string","maxLength":8},"line":{"type":"integer","minimum":1}},"required":["path"],"additionalProperties":false}}},
          {"type":"function","function":{"name":"write","parameters":{"type":"object","properties":{"mode":{"enum":["a","w"]}},"required":["mode"]}}}]
        """;

    [Theory(Timeout = 240_000)]
    [InlineData("\"required\"", "true")]
    [InlineData("\"required\"", "false")]
    [InlineData("""{"type":"function","function":{"name":"write"}}""", "true")]
    public async Task A_required_call_is_made_by_a_model_of_random_weights(string choice, string parallel)
    {
        await using TestServer server = await TinyAsync();
        for (int seed = 0; seed < 8; seed++)
        {
            JsonNode body = await server.ReplyAsync(Ask.For("Hi",
                $$"""{ {{Tools}}, "tool_choice":{{choice}}, "parallel_tool_calls":{{parallel}}, "temperature":1, "seed":{{seed}}, "thinking":{{(seed % 2 == 0 ? "true" : "false")}}, "max_tokens":{{120 + (seed * 20)}} }"""));

            JsonNode message = body["choices"]![0]!["message"]!;
            JsonArray calls = message["tool_calls"]!.AsArray();
            calls.Count.ShouldBeGreaterThan(0);
            if (parallel == "false" || choice[0] == '{')
                calls.Count.ShouldBe(1);
            foreach (JsonNode? call in calls)
            {
                JsonElement arguments = JsonElement.Parse(call!["function"]!["arguments"]!.GetValue<string>());
                if (call["function"]!["name"]!.GetValue<string>() == "write")
                {
                    arguments.GetProperty("mode").GetString().ShouldBeOneOf("a", "w");
                }
                else
                {
                    choice.ShouldBe("\"required\"");
                    arguments.GetProperty("path").GetString()!.EnumerateRunes().Count().ShouldBeLessThanOrEqualTo(8);
                }
            }
            body["choices"]![0]!["finish_reason"]!.GetValue<string>().ShouldBeOneOf("tool_calls", "length");
        }
    }

    [Fact(Timeout = 240_000)]
    public async Task A_response_in_JSON_is_written_by_a_model_of_random_weights()
    {
        await using TestServer server = await TinyAsync();
        for (int seed = 0; seed < 4; seed++)
        {
            string more = $"\"temperature\":1,\"seed\":{seed},\"thinking\":{(seed % 2 == 0 ? "true" : "false")},\"max_tokens\":80";
            JsonNode shaped = await server.ReplyAsync(Ask.For("Hi",
                $$$"""{ {{{more}}}, "response_format":{"type":"json_schema","json_schema":{"name":"r","strict":true,"schema":{"type":"object","properties":{"n":{"type":"integer"},"ok":{"type":"boolean"}},"required":["n","ok"],"additionalProperties":false} } } }"""));
            JsonElement value = JsonElement.Parse(Content(shaped));
            value.GetProperty("n").TryGetInt64(out _).ShouldBeTrue();
            value.GetProperty("ok").ValueKind.ShouldBeOneOf(JsonValueKind.True, JsonValueKind.False);

            JsonNode free = await server.ReplyAsync(Ask.For("Hi", $$$"""{ {{{more}}}, "response_format":{"type":"json_object"}}"""));
            JsonElement.Parse(Content(free)).ValueKind.ShouldBe(JsonValueKind.Object);
        }
    }

    [Fact(Timeout = 30_000)]
    public async Task A_call_of_a_tool_that_is_not_offered_cannot_be_sampled()
    {
        await using TestServer server = await TestServer.StartAsync(
            new ScriptedModel().Replies(new Script().Call("delete", ("path", "/")), new Script().Call("read", ("pat", "a"))));

        for (int reply = 0; reply < 2; reply++)
        {
            JsonNode body = await server.ReplyAsync(Ask.For("Hi", $$"""{ {{Tools}}, "thinking":false, "max_tokens":200 }"""));
            foreach (JsonNode? call in body["choices"]![0]!["message"]!["tool_calls"]!.AsArray())
            {
                string name = call!["function"]!["name"]!.GetValue<string>();
                JsonElement arguments = JsonElement.Parse(call["function"]!["arguments"]!.GetValue<string>());
                arguments.TryGetProperty(name == "read" ? "path" : "mode", out _).ShouldBeTrue();
                arguments.EnumerateObject().ShouldAllBe(member => name == "read" ? member.Name == "path" || member.Name == "line" : member.Name == "mode");
            }
        }
    }

    [Fact(Timeout = 30_000)]
    public async Task Without_tool_choice_a_call_is_the_models_decision_and_with_none_it_cannot_be_made()
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel().Replies(
            new Script().Say("No call"), new Script().Call("write", ("mode", "w")), new Script().Call("write", ("mode", "w"))));
        string More(string choice) => $$"""{ {{Tools}}, "thinking":false, "max_tokens":150, "tool_choice":{{choice}} }""";

        Content(await server.ReplyAsync(Ask.For("Hi", More("null")))).ShouldBe("No call");
        JsonNode called = await server.ReplyAsync(Ask.For("Hi", More("\"auto\"")));
        called["choices"]![0]!["finish_reason"]!.GetValue<string>().ShouldBe("tool_calls");
        called["choices"]![0]!["message"]!["tool_calls"]![0]!["function"]!["arguments"]!.GetValue<string>().ShouldBe("""{"mode": "w"}""");
        JsonNode refused = await server.ReplyAsync(Ask.For("Hi", More("\"none\"")));
        refused["choices"]![0]!["message"]!.AsObject().ContainsKey("tool_calls").ShouldBeFalse();
    }

    [Fact(Timeout = 30_000)]
    public async Task A_block_that_the_limit_would_cut_is_closed_in_time_and_says_so()
    {
        await using TestServer server = await TestServer.StartAsync(
            new ScriptedModel().Replies(new Script().Call("write", ("mode", "w")), new Script().Call("read", ("path", "12345678"))));

        JsonNode unended = await server.ReplyAsync(Ask.For("Hi",
            """{"thinking":false,"max_tokens":220,"tools":[{"type":"function","function":{"name":"note","parameters":{"type":"object","properties":{"text":{"type":"string"}},"required":["text"]}}}],"tool_choice":"required"}"""));

        // The script names another tool, after which the model says dots for ever, as the text of the note.
        JsonNode call = unended["choices"]![0]!["message"]!["tool_calls"]!.AsArray().ShouldHaveSingleItem()!;
        JsonElement.Parse(call["function"]!["arguments"]!.GetValue<string>()).TryGetProperty("text", out _).ShouldBeTrue();
        unended["choices"]![0]!["finish_reason"]!.GetValue<string>().ShouldBeOneOf("length", "tool_calls");
        unended["usage"]!["completion_tokens"]!.GetValue<int>().ShouldBeLessThanOrEqualTo(220);
    }

    private static async Task<TestServer> TinyAsync()
    {
        TestServer server = TestServer.Launch(new ScriptedModel(), open: RealEngine.OpenTiny);
        await server.Output.WaitForAsync<Wire.Server.ServerReady>();
        return server;
    }

    private static string Content(JsonNode body) => body["choices"]![0]!["message"]!["content"]!.GetValue<string>();
}

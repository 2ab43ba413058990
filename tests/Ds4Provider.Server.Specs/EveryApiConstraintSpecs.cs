using System.Text.Json;
using System.Text.Json.Nodes;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;

namespace Ds4Provider.Server.Specs;

/// <summary>The other APIs promise the same as chat does, in their own words.</summary>
public sealed class EveryApiConstraintSpecs
{
    private const string Parameters = """{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}""";

    [Theory(Timeout = 60_000)]
    [InlineData("""{"type":"any"}""")]
    [InlineData("""{"type":"tool","name":"read","disable_parallel_tool_use":true}""")]
    public async Task A_message_must_call_when_it_is_told_to(string choice)
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel().Replies(new Script().Say("No.").Unended()));

        JsonNode body = await server.ReplyAsync(Ask.Messages("Hi", $$"""
            {"thinking":{"type":"disabled"},"max_tokens":200,"tools":[{"name":"read","input_schema":{{Parameters}} }],"tool_choice":{{choice}} }
            """), TestServer.MessagesPath);

        JsonNode call = body["content"]!.AsArray().ShouldHaveSingleItem()!;
        call["type"]!.GetValue<string>().ShouldBe("tool_use");
        call["input"]!["path"].ShouldNotBeNull();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("\"required\"")]
    [InlineData("""{"type":"function","name":"read"}""")]
    [InlineData("""{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"read"}]}""")]
    public async Task A_response_must_call_when_it_is_told_to(string choice)
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel().Replies(new Script().Say("No.").Unended()));

        JsonNode body = await server.ReplyAsync(Ask.Responses("Hi", $$"""
            {"reasoning":{"effort":"none"},"max_output_tokens":200,"parallel_tool_calls":false,
             "tools":[{"type":"function","name":"read","parameters":{{Parameters}} },{"type":"function","name":"other"}],"tool_choice":{{choice}} }
            """), TestServer.ResponsesPath);

        JsonNode call = body["output"]!.AsArray().ShouldHaveSingleItem()!;
        call["type"]!.GetValue<string>().ShouldBe("function_call");
        body["parallel_tool_calls"]!.GetValue<bool>().ShouldBeFalse();
        if (choice[0] == '{')
            JsonElement.Parse(call["arguments"]!.GetValue<string>()).TryGetProperty("path", out _).ShouldBeTrue();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_format_of_the_text_is_kept_on_both()
    {
        const string Schema = """{"type":"object","properties":{"ok":{"type":"boolean"}},"required":["ok"],"additionalProperties":false}""";
        await using TestServer server = await TestServer.StartAsync(
            new ScriptedModel().Replies(new Script().Say("No.").Unended(), new Script().Say("No.").Unended()));

        JsonNode message = await server.ReplyAsync(Ask.Messages("Hi", $$"""
            {"thinking":{"type":"disabled"},"max_tokens":100,"output_config":{"format":{"type":"json_schema","schema":{{Schema}} } } }
            """), TestServer.MessagesPath);
        JsonNode response = await server.ReplyAsync(Ask.Responses("Hi", $$"""
            {"reasoning":{"effort":"none"},"max_output_tokens":100,"text":{"format":{"type":"json_schema","name":"r","strict":true,"schema":{{Schema}} } } }
            """), TestServer.ResponsesPath);

        foreach (string text in (string[])[message["content"]![0]!["text"]!.GetValue<string>(), response["output"]![0]!["content"]![0]!["text"]!.GetValue<string>()])
            JsonElement.Parse(text).GetProperty("ok").ValueKind.ShouldBeOneOf(JsonValueKind.True, JsonValueKind.False);
        response["text"]!["format"]!["type"]!.GetValue<string>().ShouldBe("json_schema");
    }
}

using System.Net;
using System.Text.Json.Nodes;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;

namespace Ds4Provider.Server.Specs;

public sealed class CompletionsReplySpecs
{
    private const string Path = "/v1/completions";

    [Fact(Timeout = 30_000)]
    public async Task A_text_is_continued_as_it_stands_without_the_chat_format()
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel().Replies(new Script().Say(" world")));

        JsonNode body = await server.ReplyAsync("""{"prompt":"Hello","temperature":0}""", Path);

        body["id"]!.GetValue<string>().ShouldStartWith("cmpl-");
        body["object"]!.GetValue<string>().ShouldBe("text_completion");
        body["choices"]![0]!["text"]!.GetValue<string>().ShouldBe(" world");
        body["choices"]![0]!["finish_reason"]!.GetValue<string>().ShouldBe("stop");
        // begin-of-sentence and one word
        body["usage"]!["prompt_tokens"]!.GetValue<int>().ShouldBe(2);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_stream_adds_up_to_the_body()
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel().Replies(new Script().Say("abc END")));

        using EventReader reader = await server.StreamAsync(
            """{"prompt":["Hello"],"stream":true,"temperature":0,"stop":"END","stream_options":{"include_usage":true}}""", path: Path);
        List<JsonNode> events = await reader.AllAsync();

        string.Concat(events.SelectMany(e => e["choices"]!.AsArray()).Select(c => c!["text"]!.GetValue<string>())).ShouldBe("abc ");
        events[^2]["choices"]![0]!["finish_reason"]!.GetValue<string>().ShouldBe("stop");
        events[^1]["usage"]!["prompt_tokens"]!.GetValue<int>().ShouldBe(2);
        reader.IsDone.ShouldBeTrue();
    }

    [Theory(Timeout = 30_000)]
    [InlineData("""{"prompt":["a","b"]}""", "prompt", "one prompt")]
    [InlineData("""{"prompt":[1,2]}""", "prompt", "one prompt")]
    [InlineData("""{"prompt":[1]}""", "prompt[0]", "a string")]
    [InlineData("""{}""", "prompt", "found nothing")]
    [InlineData("""{"prompt":"a","echo":true}""", "echo", "not repeated")]
    [InlineData("""{"prompt":"a","suffix":"b"}""", "suffix", "only at its end")]
    [InlineData("""{"prompt":"a","logprobs":1}""", "logprobs", "not returned")]
    public async Task What_cannot_be_honoured_is_refused_by_name(string body, string field, string reason)
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel());

        using HttpResponseMessage refused = await server.PostAsync(body, path: Path);

        refused.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        JsonNode error = JsonNode.Parse(await refused.Content.ReadAsStringAsync())!["error"]!;
        error["param"]!.GetValue<string>().ShouldBe(field);
        error["message"]!.GetValue<string>().ShouldContain(reason);
    }
}

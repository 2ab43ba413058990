using System.Text.Json;
using System.Text.Json.Nodes;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;

namespace Ds4Provider.Server.Specs;

public sealed class PrefixReuseSpecs
{
    private static readonly ScriptedTokenizer Tokenizer = new();

    [Fact(Timeout = 30_000)]
    public async Task An_agent_that_sends_its_turn_back_pays_only_for_the_new_tail()
    {
        Script first = new Script().Think("I read it.").Say("One moment.").Call("read", ("path", "a b.txt"), ("mode", "fast"));
        Script second = new Script().Think("Now I know.").Call("read", ("path", "c")).CallJson("read", "lines", "[1,2.0]");
        var model = new ScriptedModel().Replies(first, second, new Script().Think("Fine.").Say("Done."));
        await using TestServer server = await TestServer.StartAsync(model);
        JsonArray messages = Messages(User("Read a b.txt"));

        JsonNode reply = await TalkAsync(server, messages);
        messages.Add(AsAClientSendsItBack(reply));
        messages.Add(ToolResult(reply, 0, "contents"));
        JsonNode reply2 = await TalkAsync(server, messages);
        messages.Add(AsAClientSendsItBack(reply2));
        messages.Add(ToolResult(reply2, 0, "x"));
        messages.Add(ToolResult(reply2, 1, "y"));
        JsonNode reply3 = await TalkAsync(server, messages);

        int prompt = Usage(reply, "prompt_tokens");
        // The last token of a block of calls was sampled but not evaluated; then come the end-of-sentence, the user
        // marker, the result, the assistant marker and the opened reasoning.
        int tail2 = 1 + 1 + 1 + Tokenizer.Encode("<tool_result>contents</tool_result>").Count + 2;
        int tail3 = 1 + 1 + 1 + Tokenizer.Encode("<tool_result>x</tool_result>\n\n<tool_result>y</tool_result>").Count + 2;
        model.Prefills.ShouldBe([prompt, tail2, tail3]);
        model.Sessions.ShouldBe(1);
        Cached(reply2).ShouldBe(prompt + first.Tokens.Count - 1);
        Usage(reply3, "prompt_tokens").ShouldBe(Cached(reply3) + tail3);
        reply3["choices"]![0]!["message"]!["content"]!.GetValue<string>().ShouldBe("Done.");
    }

    [Fact(Timeout = 30_000)]
    public async Task After_a_reply_of_text_the_tail_begins_with_the_end_of_sentence()
    {
        var model = new ScriptedModel().Replies(new Script().Think("Hm.").Say("Hello"), new Script().Think("").Say("ok"));
        await using TestServer server = await TestServer.StartAsync(model);
        JsonArray messages = Messages(User("Hi"));

        JsonNode reply = await TalkAsync(server, messages);
        messages.Add(AsAClientSendsItBack(reply));
        messages.Add(User("More"));
        await TalkAsync(server, messages);

        // end-of-sentence, user, four letters, assistant, think
        model.Prefills.Last().ShouldBe(8);
        model.Sessions.ShouldBe(1);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_client_that_leaves_out_the_reasoning_is_known_by_its_call_or_its_conversation()
    {
        var model = new ScriptedModel().Replies(
            new Script().Think("I read it.").Call("read", ("path", "a")), new Script().Think("Now I know.").Say("Done."), new Script().Think("").Say("ok"));
        await using TestServer server = await TestServer.StartAsync(model);
        JsonArray messages = Messages(User("Read a"));

        JsonNode reply = await TalkAsync(server, messages);
        messages.Add(AsAClientSendsItBack(reply, reasoning: false));
        messages.Add(ToolResult(reply, 0, "x"));
        JsonNode reply2 = await TalkAsync(server, messages);
        messages.Add(AsAClientSendsItBack(reply2, reasoning: false));
        messages.Add(User("Go on"));
        JsonNode reply3 = await TalkAsync(server, messages);

        model.Sessions.ShouldBe(1);
        Cached(reply3).ShouldBeGreaterThan(Usage(reply2, "prompt_tokens"));
    }

    [Fact(Timeout = 30_000)]
    public async Task Equal_text_never_fetches_the_reasoning_of_another_conversation()
    {
        var model = new ScriptedModel().Replies(new Script().Think("Secret.").Say("Done."), new Script().Think("").Say("ok"));
        await using TestServer server = await TestServer.StartAsync(model);
        await TalkAsync(server, Messages(User("One")));

        JsonArray other = Messages(User("Two"), new JsonObject { ["role"] = "assistant", ["content"] = "Done." }, User("Three"));
        JsonNode reply = await TalkAsync(server, other);

        int plain = Tokenizer.Encode("TwoDone.Three").Count + /* control tokens of two blocks and two turns */ 9;
        Usage(reply, "prompt_tokens").ShouldBe(plain + ToolsPreamble());
    }

    [Fact(Timeout = 30_000)]
    public async Task Without_tools_the_template_drops_the_reasoning_and_keeps_the_sampled_text()
    {
        var model = new ScriptedModel().Replies(new Script().Think("Hm.").Say("Hello"), new Script().Think("").Say("ok"));
        await using TestServer server = await TestServer.StartAsync(model);
        JsonArray messages = Messages(User("Hi"));
        JsonNode reply = await TalkAsync(server, messages, tools: false);
        messages.Add(AsAClientSendsItBack(reply));
        messages.Add(User("More"));

        JsonNode reply2 = await TalkAsync(server, messages, tools: false);

        // begin-of-sentence, user, Hi, assistant, </think>, Hello, end-of-sentence, user, More, assistant, <think>
        Usage(reply2, "prompt_tokens").ShouldBe(2 + 2 + 2 + 1 + 2 + 4 + 2);
    }

    [Fact(Timeout = 30_000)]
    public async Task An_edited_call_is_rendered_anew_and_costs_what_follows_it()
    {
        var model = new ScriptedModel().Replies(new Script().Think("I read it.").Call("read", ("path", "a")), new Script().Think("").Say("ok"));
        await using TestServer server = await TestServer.StartAsync(model);
        JsonArray messages = Messages(User("Read a"));
        JsonNode reply = await TalkAsync(server, messages);
        JsonNode edited = AsAClientSendsItBack(reply);
        edited["tool_calls"]![0]!["function"]!["arguments"] = """{"path":"b"}""";
        messages.Add(edited);
        messages.Add(ToolResult(reply, 0, "x"));

        JsonNode reply2 = await TalkAsync(server, messages);

        Cached(reply2).ShouldBe(Usage(reply, "prompt_tokens"));
        model.Sessions.ShouldBe(1);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_stop_string_that_is_a_token_keeps_the_session_and_hides_the_string_from_the_model()
    {
        var model = new ScriptedModel().Replies(new Script().Think("").Say("Hello" + "END" + " world"), new Script().Think("").Say("ok"));
        await using TestServer server = await TestServer.StartAsync(model);
        JsonArray messages = Messages(User("Hi"));

        JsonNode reply = await TalkAsync(server, messages, """{"stop":["END"]}""");
        reply["choices"]![0]!["message"]!["content"]!.GetValue<string>().ShouldBe("Hello");
        messages.Add(AsAClientSendsItBack(reply));
        messages.Add(User("More"));
        await TalkAsync(server, messages);

        model.Prefills.Last().ShouldBe(8);
        model.Sessions.ShouldBe(1);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_reply_cut_in_its_reasoning_is_continued_with_the_reasoning_closed()
    {
        var model = new ScriptedModel().Replies(new Script().Say("thinking on and on").Unended(), new Script().Think("").Say("ok"));
        await using TestServer server = await TestServer.StartAsync(model);
        JsonArray messages = Messages(User("Hi"));

        JsonNode reply = await TalkAsync(server, messages, """{"max_tokens":8}""");
        reply["choices"]![0]!["message"]!["reasoning_content"]!.GetValue<string>().ShouldBe("thinking");
        messages.Add(AsAClientSendsItBack(reply));
        messages.Add(User("More"));
        await TalkAsync(server, messages);

        // the last letter, closed reasoning, end-of-sentence, user, four letters, assistant, think
        model.Prefills.Last().ShouldBe(10);
        model.Sessions.ShouldBe(1);
    }

    [Fact(Timeout = 30_000)]
    public async Task The_same_prompt_again_costs_nothing_after_its_reply()
    {
        var model = new ScriptedModel();
        await using TestServer server = await TestServer.StartAsync(model);
        JsonArray messages = Messages(User("Hi"));

        await TalkAsync(server, messages);
        JsonNode again = await TalkAsync(server, messages);

        Cached(again).ShouldBe(Usage(again, "prompt_tokens"));
        model.Sessions.ShouldBe(1);
    }

    [Fact(Timeout = 30_000)]
    public async Task The_same_prompt_again_costs_nothing_while_no_token_was_decoded()
    {
        var model = new ScriptedModel().Replies(new Script().Think("a"));
        await using TestServer server = await TestServer.StartAsync(model);
        JsonArray messages = Messages(User("Hi"));

        await TalkAsync(server, messages, """{"max_tokens":1}""");
        JsonNode again = await TalkAsync(server, messages, """{"max_tokens":1}""");

        again["choices"]![0]!["message"]!["reasoning_content"]!.GetValue<string>().ShouldBe("a");
        Cached(again).ShouldBe(Usage(again, "prompt_tokens"));
        model.Prefills.Count.ShouldBe(1);
    }

    private static JsonArray Messages(params JsonNode[] messages) => [.. messages];

    private static JsonObject User(string text) => new() { ["role"] = "user", ["content"] = text };

    private static async Task<JsonNode> TalkAsync(TestServer server, JsonArray messages, string more = "{}", bool tools = true)
    {
        JsonObject body = JsonNode.Parse(more)!.AsObject();
        body["temperature"] = 0;
        body["messages"] = messages.DeepClone();
        if (tools)
            body["tools"] = JsonNode.Parse($"[{Ask.Tool}]");
        return await server.ReplyAsync(body.ToJsonString());
    }

    /// <summary>JavaScript clients parse the arguments and write them anew, without blanks.</summary>
    private static JsonObject AsAClientSendsItBack(JsonNode reply, bool reasoning = true)
    {
        JsonObject message = reply["choices"]![0]!["message"]!.DeepClone().AsObject();
        if (!reasoning)
            message.Remove("reasoning_content");
        foreach (JsonNode? call in message["tool_calls"]?.AsArray() ?? [])
        {
            string arguments = call!["function"]!["arguments"]!.GetValue<string>();
            using JsonDocument parsed = JsonDocument.Parse(arguments);
            call["function"]!["arguments"] = JsonSerializer.Serialize(parsed.RootElement).Replace("2.0", "2", StringComparison.Ordinal);
        }
        return message;
    }

    private static JsonObject ToolResult(JsonNode reply, int call, string text) => new()
    {
        ["role"] = "tool",
        ["tool_call_id"] = reply["choices"]![0]!["message"]!["tool_calls"]![call]!["id"]!.GetValue<string>(),
        ["content"] = text,
    };

    private static int Usage(JsonNode reply, string member) => reply["usage"]![member]!.GetValue<int>();

    private static int Cached(JsonNode reply) => reply["usage"]!["prompt_tokens_details"]!["cached_tokens"]!.GetValue<int>();

    /// <summary>Tokens of the section that offers the tool.</summary>
    private static int ToolsPreamble()
    {
        var template = new Ds4Provider.Engine.LoadedModel(new ScriptedModel()).Template;
        var conversation = new Ds4Provider.Engine.Prompting.Conversation([new Ds4Provider.Engine.Prompting.UserMessage("")]);
        using JsonDocument tool = JsonDocument.Parse(Ask.Tool);
        var with = conversation with { Tools = [tool.RootElement.GetProperty("function")] };
        return template.Encode(template.Render(with)).Count - template.Encode(template.Render(conversation)).Count;
    }
}

using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Ds4Provider.Server.Hosting;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;

namespace Ds4Provider.Server.Specs;

public sealed class RefusalSpecs : IAsyncLifetime
{
    private TestServer server = null!;

    public async ValueTask InitializeAsync() =>
        server = await TestServer.StartAsync(new ScriptedModel(contextLength: 1024), new ServerLimits { BodyBytes = 200_000 });

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Theory(Timeout = 30_000)]
    [InlineData("""{"messages":[{"role":"owner","content":"x"}]}""", "messages[0].role", "'system', 'developer', 'user', 'assistant' or 'tool'")]
    [InlineData("""{"messages":[{"content":"x"}]}""", "messages[0].role", "found nothing")]
    [InlineData("""{"messages":null}""", "messages", "expected an array, found null")]
    [InlineData("""{"messages":[]}""", "messages", "at least one")]
    [InlineData("""{"messages":["x"]}""", "messages[0]", "expected an object")]
    [InlineData("""{"messages":[{"role":"user","content":7}]}""", "messages[0].content", "found the number 7")]
    [InlineData("""{"messages":[{"role":"user","content":"a"},{"role":"user","content":[{"type":"text","text":"b"},{"type":"image_url","image_url":{"url":"data:"}}]}]}""", "messages[1].content[1].type", "no images")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"hologram"}]}]}""", "messages[0].content[0].type", "'hologram' are not known")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"text"}]}]}""", "messages[0].content[0].text", "expected a string")]
    [InlineData("""{"messages":[{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"arguments":"{}"}}]}]}""", "messages[0].tool_calls[0].function.name", "expected a string")]
    [InlineData("""{"tools":{}}""", "tools", "expected an array")]
    [InlineData("""{"tools":[{"type":"function"}]}""", "tools[0].function", "expected an object")]
    [InlineData("""{"tools":[{"type":"function","function":{"name":"a"}},{"type":"function","function":{"description":"b"}}]}""", "tools[1].function.name", "expected a string")]
    [InlineData("""{"tools":[{"type":"function","function":{"name":"a","parameters":[]}}]}""", "tools[0].function.parameters", "expected an object, found an array")]
    [InlineData("""{"tools":[{"type":"function","function":{"name":"a b"}}]}""", "tools[0].function.name", "no blanks")]
    [InlineData("""{"tools":[{"type":"function","function":{"name":"a"}},{"type":"function","function":{"name":"a"}}]}""", "tools[1].function.name", "tools[0].function already")]
    [InlineData("""{"tools":[{"type":"web_search"}]}""", "tools[0].type", "'function'")]
    [InlineData("""{"tool_choice":"required"}""", "tool_choice", "there are no tools")]
    [InlineData("""{"tool_choice":"sometimes"}""", "tool_choice", "expected 'none', 'auto', 'required'")]
    [InlineData("""{"tool_choice":{"type":"function","function":{"name":"a"}}}""", "tool_choice.function.name", "'a' is not among the tools")]
    [InlineData("""{"tool_choice":{"type":"web_search"}}""", "tool_choice.type", "expected 'function'")]
    [InlineData("""{"parallel_tool_calls":"no"}""", "parallel_tool_calls", "true or false")]
    [InlineData("""{"response_format":"json"}""", "response_format", "expected an object")]
    [InlineData("""{"response_format":{"type":"xml"}}""", "response_format.type", "'json_schema'")]
    [InlineData("""{"response_format":{"type":"json_schema"}}""", "response_format.json_schema", "expected an object")]
    [InlineData("""{"response_format":{"type":"json_schema","json_schema":{"name":"r","schema":{"type":"strin"}}}}""", "response_format.json_schema.schema", "at /type: \"strin\" is no type")]
    [InlineData("""{"response_format":{"type":"json_schema","json_schema":{"name":"r","strict":true,"schema":{"type":"string","pattern":"a+"}}}}""", "response_format.json_schema.schema", "'pattern' is not enforced")]
    [InlineData("""{"tools":[{"type":"function","function":{"name":"a"}},{"type":"function","function":{"name":"b","parameters":{"type":"object","properties":{"x":{"$ref":"#/$defs/y"}}}}}]}""", "tools[1].function.parameters", "tool 'b' at /properties/x/$ref: there is nothing at")]
    [InlineData("""{"tools":[{"type":"function","function":{"name":"a","parameters":{"type":"array"}}}]}""", "tools[0].function.parameters", "allows no object")]
    [InlineData("""{"max_tokens":3,"tool_choice":"required","tools":[{"type":"function","function":{"name":"a"}}]}""", "max_tokens", "only 3 may be generated")]
    [InlineData("""{"n":2}""", "n", "only one reply")]
    [InlineData("""{"logprobs":true}""", "logprobs", "not returned")]
    [InlineData("""{"top_logprobs":5}""", "top_logprobs", "not returned")]
    [InlineData("""{"logit_bias":{"5":1}}""", "logit_bias", "cannot be biased")]
    [InlineData("""{"presence_penalty":0.5}""", "presence_penalty", "send 0")]
    [InlineData("""{"functions":[{"name":"a"}]}""", "functions", "send 'tools'")]
    [InlineData("""{"modalities":["text","audio"]}""", "modalities", "text only")]
    [InlineData("""{"temperature":"hot"}""", "temperature", "found the string \"hot\"")]
    [InlineData("""{"temperature":-1}""", "temperature", "from 0 to 2")]
    [InlineData("""{"temperature":1e400}""", "temperature", "from 0 to 2")]
    [InlineData("""{"top_p":0}""", "top_p", "above 0 and up to 1")]
    [InlineData("""{"min_p":1}""", "min_p", "below 1")]
    [InlineData("""{"top_k":1.5}""", "top_k", "a whole number")]
    [InlineData("""{"max_tokens":0}""", "max_tokens", "at least 1")]
    [InlineData("""{"max_completion_tokens":"all"}""", "max_completion_tokens", "a whole number")]
    [InlineData("""{"seed":1.5}""", "seed", "64 bits")]
    [InlineData("""{"stop":5}""", "stop", "a string or an array of strings")]
    [InlineData("""{"stop":["a",null]}""", "stop[1]", "expected a string, found null")]
    [InlineData("""{"stop":["a","b","c","d","e","f","g","h","i","j","k","l","m","n","o","p","q"]}""", "stop", "at most 16")]
    [InlineData("""{"stream":"true"}""", "stream", "true or false")]
    [InlineData("""{"stream_options":{"include_usage":1}}""", "stream_options.include_usage", "true or false")]
    [InlineData("""{"thinking":"yes"}""", "thinking", "true, false or an object")]
    [InlineData("""{"thinking":{"type":"sometimes"}}""", "thinking.type", "'enabled', 'disabled' or 'adaptive'")]
    [InlineData("""{"reasoning_effort":"huge"}""", "reasoning_effort", "'max'")]
    [InlineData("""{"model":7}""", "model", "expected a string")]
    public async Task A_wrong_field_is_named_with_its_path(string more, string field, string reason)
    {
        using HttpResponseMessage response = await server.PostAsync(Ask.For("Hi", more));

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        JsonNode error = await ErrorAsync(response);
        error["param"]!.GetValue<string>().ShouldBe(field);
        error["message"]!.GetValue<string>().ShouldStartWith(field);
        error["message"]!.GetValue<string>().ShouldContain(reason);
        error["type"]!.GetValue<string>().ShouldBe("invalid_request_error");
    }

    [Fact(Timeout = 30_000)]
    public async Task Null_and_harmless_values_are_taken_for_every_optional_field()
    {
        await server.ReplyAsync(Ask.For("Hi", """
            {"tools":null,"tool_choice":null,"parallel_tool_calls":null,"max_tokens":null,"max_completion_tokens":null,"temperature":null,
             "top_p":null,"top_k":null,"min_p":null,"seed":null,"stop":null,"stream":null,"stream_options":null,"thinking":null,"think":null,
             "reasoning_effort":null,"n":null,"logprobs":null,"top_logprobs":null,"logit_bias":null,"presence_penalty":null,
             "frequency_penalty":null,"response_format":null,"functions":null,"function_call":null,"modalities":null,"audio":null,
             "web_search_options":null,"user":null,"metadata":null,"model":null}
            """));
        await server.ReplyAsync(Ask.For("Hi", """
            {"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"top_p":1,"top_k":-1,"min_p":0,"seed":-9223372036854775808,"stop":"",
             "stream":false,"stream_options":{},"thinking":{"type":"enabled","budget_tokens":5},"reasoning_effort":"max","n":1.0,"logprobs":false,
             "top_logprobs":0,"logit_bias":{},"presence_penalty":0.0,"frequency_penalty":0,"repetition_penalty":1,"max_tokens":1e3,
             "response_format":{"type":"text"},"modalities":["text"],"user":"u","metadata":{"a":"b"},"store":true,"service_tier":"auto",
             "prompt_cache_key":"k","never_heard_of":[1]}
            """));
    }

    [Fact(Timeout = 30_000)]
    public async Task Every_role_and_form_of_content_is_read()
    {
        await server.ReplyAsync("""
            {"messages":[{"role":"system","content":[{"type":"text","text":"a"},"b"]},{"role":"developer","content":"c"},
             {"content":"content may come first","role":"user"},
             {"role":"assistant","content":null,"reasoning_content":"r","tool_calls":[{"id":"x","function":{"name":"f","arguments":"not json"}},
              {"id":"y","type":"function","function":{"name":"f","arguments":{"a":1}}},{"function":{"name":"f"}}]},
             {"role":"tool","tool_call_id":"x","content":[{"type":"text","text":"result"}]},{"role":"tool","content":""},
             {"role":"assistant","function_call":{"name":"f","arguments":""}},{"role":"function","name":"f","content":"old"}]}
            """);
    }

    [Theory(Timeout = 30_000)]
    [InlineData("", "empty")]
    [InlineData("[]", "expected an object, found an array")]
    [InlineData("{\"messages\": [\n  {\"role\": \"user\" \"content\"}\n]}", "line 2, byte 19")]
    [InlineData("{\"messages\":[],}", "line 1, byte 16")]
    [InlineData("{} x", "line 1")]
    [InlineData("{\"model\":\"\\ud83d\"}", "half of a surrogate pair")]
    [InlineData("{\"\\uDC00\":1}", "half of a surrogate pair")]
    public async Task A_body_that_is_no_JSON_object_is_refused_with_its_place(string body, string reason)
    {
        using HttpResponseMessage response = await server.PostAsync(body);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await ErrorAsync(response))["message"]!.GetValue<string>().ShouldContain(reason);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_body_that_is_not_UTF8_is_refused_with_its_place()
    {
        using var content = new ByteArrayContent([.. "{\"model\":\""u8, 0xC3, 0x28, .. "\"}"u8]);
        content.Headers.ContentType = new("application/json");

        using HttpResponseMessage response = await server.Http.PostAsync("/v1/chat/completions", content);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await ErrorAsync(response))["message"]!.GetValue<string>().ShouldContain("byte 10");
    }

    [Theory(Timeout = 30_000)]
    [InlineData(127, HttpStatusCode.OK)]
    [InlineData(128, HttpStatusCode.BadRequest)]
    [InlineData(50_000, HttpStatusCode.BadRequest)]
    public async Task The_nesting_of_a_body_is_limited(int depth, HttpStatusCode expected)
    {
        string body = $$"""{"messages":[{"role":"user","content":"Hi"}],"metadata":{{new string('[', depth)}}{{new string(']', depth)}}}""";

        using HttpResponseMessage response = await server.PostAsync(body);

        response.StatusCode.ShouldBe(expected);
        if (expected != HttpStatusCode.OK)
            (await ErrorAsync(response))["message"]!.GetValue<string>().ShouldContain("depth of 128");
    }

    [Theory(Timeout = 30_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_size_of_a_body_is_limited(bool chunked)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent(Ask.For(new string('x', 300_000)), Encoding.UTF8, "application/json"),
        };
        request.Headers.TransferEncodingChunked = chunked;
        request.Headers.ExpectContinue = true;

        using HttpResponseMessage response = await server.Http.SendAsync(request);

        response.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await ErrorAsync(response))["message"]!.GetValue<string>().ShouldContain("200000 bytes");
    }

    [Theory(Timeout = 30_000)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_prompt_longer_than_the_context_is_refused_with_both_numbers(bool stream)
    {
        string text = new('x', 2000);

        using HttpResponseMessage response = await server.PostAsync(stream ? Ask.Streamed(text) : Ask.For(text));

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        JsonNode error = await ErrorAsync(response);
        error["code"]!.GetValue<string>().ShouldBe("context_length_exceeded");
        error["param"]!.GetValue<string>().ShouldBe("messages");
        error["message"]!.GetValue<string>().ShouldContain("2004");
        error["message"]!.GetValue<string>().ShouldContain("1024");
    }

    [Theory(Timeout = 30_000)]
    [InlineData("gpt-9")]
    [InlineData("ds4/other")]
    [InlineData("x/demo")]
    public async Task Another_model_is_not_found_and_the_served_one_named(string asked)
    {
        using HttpResponseMessage chat = await server.PostAsync(Ask.For("Hi", $$"""{"model":"{{asked}}"}"""));
        using HttpResponseMessage entry = await server.Http.GetAsync($"/v1/models/{asked}");

        foreach (HttpResponseMessage response in (HttpResponseMessage[])[chat, entry])
        {
            response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
            JsonNode error = await ErrorAsync(response);
            error["code"]!.GetValue<string>().ShouldBe("model_not_found");
            error["message"]!.GetValue<string>().ShouldContain("'demo'");
        }
    }

    [Fact(Timeout = 30_000)]
    public async Task Unknown_paths_and_methods_are_described()
    {
        using HttpResponseMessage path = await server.Http.GetAsync("/v2/chat");
        path.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await ErrorAsync(path))["message"]!.GetValue<string>().ShouldContain("GET /v2/chat");

        using HttpResponseMessage method = await server.Http.GetAsync("/v1/chat/completions");
        method.StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
        (await ErrorAsync(method))["message"]!.GetValue<string>().ShouldContain("only POST");
    }

    [Fact(Timeout = 30_000)]
    public async Task The_models_are_listed_under_their_names()
    {
        JsonNode list = JsonNode.Parse(await server.Http.GetStringAsync("/v1/models"))!;
        JsonNode entry = list["data"]!.AsArray().ShouldHaveSingleItem()!;
        entry["id"]!.GetValue<string>().ShouldBe("demo");
        entry["name"]!.GetValue<string>().ShouldBe("Demo");
        entry["object"]!.GetValue<string>().ShouldBe("model");
        entry["owned_by"]!.GetValue<string>().ShouldBe("ds4");
        entry["context_length"]!.GetValue<int>().ShouldBe(1024);

        foreach (string id in (string[])["demo", "ds4/demo", "ds4%2Fdemo"])
            (await server.Http.GetStringAsync($"/v1/models/{id}")).ShouldBe(entry.ToJsonString());
    }

    private static async Task<JsonNode> ErrorAsync(HttpResponseMessage response) =>
        JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;
}

using System.Net;
using System.Text.Json.Nodes;
using Ds4Provider.Server.Hosting;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;
using Ds4Provider.Wire.Server;

namespace Ds4Provider.Server.Specs.Conformance;

/// <summary>Lines 21 to 24 and 72 of the conformance table, and the limit of headers.</summary>
public sealed class HttpSpecs
{
    private const string Origin = "http://localhost:3000";

    [Theory(Timeout = 30_000)] // 21
    [InlineData(4, HttpStatusCode.BadRequest)]
    [InlineData(5, HttpStatusCode.OK)]
    public async Task A_prompt_that_fills_the_context_leaves_no_room_for_a_reply(int context, HttpStatusCode expected)
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel(context));

        // begin-of-sentence, user, assistant, think
        using HttpResponseMessage chat = await server.PostAsync(Ask.For(""));
        using HttpResponseMessage messages = await server.PostAsync(Ask.Messages(""), path: TestServer.MessagesPath);

        chat.StatusCode.ShouldBe(expected);
        messages.StatusCode.ShouldBe(expected);
        if (expected == HttpStatusCode.OK)
            return;
        JsonNode error = JsonNode.Parse(await chat.Content.ReadAsStringAsync())!["error"]!;
        error["code"]!.GetValue<string>().ShouldBe("context_length_exceeded");
        error["param"]!.GetValue<string>().ShouldBe("messages");
        (error["n_prompt_tokens"]!.GetValue<int>(), error["n_ctx"]!.GetValue<int>()).ShouldBe((4, 4));
        JsonNode other = JsonNode.Parse(await messages.Content.ReadAsStringAsync())!;
        other["type"]!.GetValue<string>().ShouldBe("error");
        (other["error"]!["n_prompt_tokens"]!.GetValue<int>(), other["error"]!["n_ctx"]!.GetValue<int>()).ShouldBe((4, 4));
    }

    [Fact(Timeout = 30_000)] // 22
    public async Task Only_a_page_of_this_machine_is_told_that_it_may_read_and_by_its_name()
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel());
        using HttpClient client = await ListenAsync(server);
        client.DefaultRequestHeaders.Add("x-api-key", "key");

        using HttpResponseMessage program = await client.GetAsync("/v1/models");
        client.DefaultRequestHeaders.Add("Origin", Origin);
        using HttpResponseMessage page = await client.GetAsync("/v1/models");

        program.Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
        page.Headers.GetValues("Access-Control-Allow-Origin").ShouldBe([Origin]);
        page.Headers.Vary.ShouldContain("Origin");
    }

    [Fact(Timeout = 30_000)] // 23
    public async Task The_question_of_a_browser_is_answered_without_a_key_and_without_content()
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel());
        using HttpClient client = await ListenAsync(server);

        using HttpResponseMessage allowed = await PreflightAsync(client, Origin);
        using HttpResponseMessage refused = await PreflightAsync(client, "https://evil.example");

        allowed.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        allowed.Content.Headers.ContentLength.GetValueOrDefault().ShouldBe(0);
        allowed.Content.Headers.ContentType.ShouldBeNull();
        allowed.Headers.GetValues("Access-Control-Allow-Origin").ShouldBe([Origin]);
        allowed.Headers.GetValues("Access-Control-Allow-Headers").ShouldBe(["content-type,x-api-key"]);
        refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        refused.Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
    }

    [Fact(Timeout = 30_000)] // 24
    public async Task A_stream_may_be_read_by_a_page_of_this_machine_too()
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel());
        using HttpClient client = await ListenAsync(server);
        client.DefaultRequestHeaders.Add("x-api-key", "key");
        client.DefaultRequestHeaders.Add("Origin", Origin);

        using HttpResponseMessage stream = await TestServer.SendAsync(client, Ask.Streamed("Hi"));

        stream.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        stream.Headers.GetValues("Access-Control-Allow-Origin").ShouldBe([Origin]);
    }

    [Fact(Timeout = 30_000)] // 72
    public async Task A_model_never_promises_more_than_its_context()
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel(contextLength: 777));

        JsonNode entry = JsonNode.Parse(await server.Http.GetStringAsync("/v1/models/demo"))!;

        entry["context_length"]!.GetValue<int>().ShouldBe(777);
        entry["top_provider"]!["context_length"]!.GetValue<int>().ShouldBe(777);
        entry["top_provider"]!["max_completion_tokens"]!.GetValue<int>().ShouldBe(777);
        entry["supported_parameters"]!.AsArray().Count.ShouldBeGreaterThan(5);
    }

    [Fact(Timeout = 30_000)]
    public async Task Headers_are_limited()
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel(), new ServerLimits { HeaderBytes = 4096 });
        server.Http.DefaultRequestHeaders.Add("x-large", new string('x', 5000));

        using HttpResponseMessage response = await server.Http.GetAsync("/health");

        response.StatusCode.ShouldBe(HttpStatusCode.RequestHeaderFieldsTooLarge);
    }

    private static async Task<HttpResponseMessage> PreflightAsync(HttpClient client, string origin)
    {
        using var request = new HttpRequestMessage(HttpMethod.Options, TestServer.ChatPath);
        request.Headers.Add("Origin", origin);
        request.Headers.Add("Access-Control-Request-Method", "POST");
        request.Headers.Add("Access-Control-Request-Headers", "content-type,x-api-key");
        return await client.SendAsync(request);
    }

    private static async Task<HttpClient> ListenAsync(TestServer server)
    {
        server.Command(new ServerCommand(new TcpListenerConfiguration("127.0.0.1", 0, "key")));
        ServerListening listening = await server.Output.WaitForAsync<ServerListening>();
        return new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(listening.Address) };
    }
}

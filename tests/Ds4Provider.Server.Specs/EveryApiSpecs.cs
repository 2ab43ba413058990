using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Ds4Provider.Server.Hosting;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;
using Ds4Provider.Wire.Server;
using Microsoft.Extensions.Time.Testing;

namespace Ds4Provider.Server.Specs;

/// <summary>What every API that replies has in common.</summary>
public sealed class EveryApiSpecs
{
    public static TheoryData<string, string> Apis => new()
    {
        { TestServer.ChatPath, Ask.For("Hi") },
        { "/v1/completions", """{"prompt":"Hi","temperature":0}""" },
        { TestServer.MessagesPath, Ask.Messages("Hi") },
        { TestServer.ResponsesPath, Ask.Responses("Hi") },
    };

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Apis))]
    public async Task A_waiting_stream_gives_a_sign_of_life_every_five_seconds_and_ends_as_usual(string path, string body)
    {
        var time = new FakeTimeProvider();
        using var tile = new SemaphoreSlim(0);
        var model = new ScriptedModel { BeforeTile = () => tile.Wait(TimeSpan.FromSeconds(20)) };
        await using TestServer server = await TestServer.StartAsync(model.Replies(new Script().Say("ok")), time: time);
        using EventReader reader = await server.StreamAsync(Ask.Stream(body), path: path);
        await reader.NextAsync();
        if (path == TestServer.ResponsesPath)
            await reader.NextAsync();

        for (int i = 0; i < 3; i++)
        {
            await AdvanceAsync(time, TimeSpan.FromSeconds(5));
            JsonNode sign = (await reader.NextAsync())!;
            (sign["type"]?.GetValue<string>() ?? sign["object"]!.GetValue<string>())
                .ShouldBeOneOf("ping", "response.in_progress", "chat.completion.chunk", "text_completion");
            sign.AsObject().ContainsKey("ds4").ShouldBeFalse();
        }
        tile.Release(100);
        (await reader.AllAsync()).ShouldNotBeEmpty();
    }

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Apis))]
    public async Task A_client_that_asks_sees_its_place_in_the_queue(string path, string body)
    {
        using var tile = new SemaphoreSlim(0);
        var model = new ScriptedModel { BeforeTile = () => tile.Wait(TimeSpan.FromSeconds(20)) };
        await using TestServer server = await TestServer.StartAsync(model);
        using EventReader first = await server.StreamAsync(Ask.Streamed("Hi"));

        using EventReader reader = await server.StreamAsync(Ask.Stream(body), progress: true, path);
        await reader.NextAsync();
        if (path == TestServer.ResponsesPath)
            await reader.NextAsync();
        JsonNode progress = (await reader.NextAsync())!["ds4"]!;

        progress["phase"]!.GetValue<string>().ShouldBe("queued");
        progress["queue_position"]!.GetValue<int>().ShouldBe(1);
        tile.Release(100);
        await first.AllAsync();
        await reader.AllAsync();
    }

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Apis))]
    public async Task A_request_waits_for_the_model_to_load(string path, string body)
    {
        using var load = new ManualResetEventSlim();
        var model = new ScriptedModel();
        await using TestServer server = TestServer.Launch(model.Replies(new Script().Say("ok"), new Script().Say("ok")), open: () =>
        {
            load.Wait(TimeSpan.FromSeconds(20));
            return new Ds4Provider.Engine.LoadedModel(model);
        });
        await Eventually.HoldsAsync(() => File.Exists(server.Socket), "the socket");

        using EventReader reader = await server.StreamAsync(Ask.Stream(body), progress: true, path);
        await reader.NextAsync();
        if (path == TestServer.ResponsesPath)
            await reader.NextAsync();
        (await reader.NextAsync())!["ds4"]!["phase"]!.GetValue<string>().ShouldBe("loading");
        load.Set();

        (await reader.AllAsync()).ShouldNotBeEmpty();
    }

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Apis))]
    public async Task A_client_that_leaves_stops_its_reply(string path, string body)
    {
        using var decode = new SemaphoreSlim(0);
        var model = new ScriptedModel { BeforeDecode = () => decode.Wait(TimeSpan.FromSeconds(20)) };
        await using TestServer server = await TestServer.StartAsync(model.Replies(new Script().Unended()));
        using (EventReader reader = await server.StreamAsync(Ask.Stream(body), path: path))
        {
            await reader.NextAsync();
            decode.Release();
            await Eventually.HoldsAsync(() => model.Decoded == 1, "a token");
        }

        await Eventually.HoldsAsync(
            () =>
            {
                decode.Release();
                return server.Http.GetStringAsync("/health").GetAwaiter().GetResult().Contains("\"active_requests\":0", StringComparison.Ordinal);
            },
            "nobody is served");
        model.Decoded.ShouldBeLessThan(50);
    }

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Apis))]
    public async Task The_same_refusals_hold_on_every_path(string path, string body)
    {
        await using TestServer server = await TestServer.StartAsync(
            new ScriptedModel(contextLength: 64), new ServerLimits { BodyBytes = 4000, StringBytes = 1000 });

        using HttpResponseMessage large = await server.PostAsync(Padded(body, 5000), path: path);
        using HttpResponseMessage longString = await server.PostAsync(Padded(body, 1500), path: path);
        using HttpResponseMessage deep = await server.PostAsync($$"""{"metadata":{{new string('[', 200)}}{{new string(']', 200)}}}""", path: path);
        using HttpResponseMessage form = await server.Http.PostAsync(path, new StringContent(body, Encoding.UTF8, "text/plain"));
        using HttpResponseMessage get = await server.Http.GetAsync(path);
        using HttpResponseMessage model = await server.PostAsync(Merge(body, "model", "gpt-9"), path: path);
        using HttpResponseMessage tooLong = await server.PostAsync(body.Replace("Hi", new string('x', 200), StringComparison.Ordinal), path: path);

        large.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        longString.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        deep.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        form.StatusCode.ShouldBe(HttpStatusCode.UnsupportedMediaType);
        get.StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
        model.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        tooLong.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        foreach (HttpResponseMessage response in (HttpResponseMessage[])[large, longString, deep, form, get, model, tooLong])
        {
            JsonNode error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
            error["error"]!["message"]!.GetValue<string>().ShouldNotBeEmpty();
            (error["type"]?.GetValue<string>() == "error").ShouldBe(path == TestServer.MessagesPath, "each API has its own envelope");
            response.Headers.GetValues("x-request-id").Single().ShouldStartWith("req_");
        }
        JsonNode overflow = JsonNode.Parse(await tooLong.Content.ReadAsStringAsync())!["error"]!;
        overflow["n_ctx"]!.GetValue<int>().ShouldBe(64);
        overflow["n_prompt_tokens"]!.GetValue<int>().ShouldBeGreaterThan(200);
        overflow["message"]!.GetValue<string>().ShouldContain("prompt is too long");
    }

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Apis))]
    public async Task A_port_serves_no_path_without_its_key(string path, string body)
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel());
        server.Command(new ServerCommand(new TcpListenerConfiguration("127.0.0.1", 0, "key")));
        ServerListening listening = await server.Output.WaitForAsync<ServerListening>();
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(listening.Address) };

        using HttpResponseMessage refused = await TestServer.SendAsync(client, body, path: path);
        client.DefaultRequestHeaders.Add("x-api-key", "key");
        using HttpResponseMessage served = await TestServer.SendAsync(client, body, path: path);

        refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        JsonNode.Parse(await refused.Content.ReadAsStringAsync())!["error"]!["type"]!.GetValue<string>().ShouldBe("authentication_error");
        served.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Apis))]
    public async Task A_full_queue_says_when_to_come_back(string path, string body)
    {
        using var tile = new SemaphoreSlim(0);
        var model = new ScriptedModel { BeforeTile = () => tile.Wait(TimeSpan.FromSeconds(20)) };
        await using TestServer server = await TestServer.StartAsync(model, new ServerLimits { QueuedRequests = 0 });
        using EventReader running = await server.StreamAsync(Ask.Streamed("Hi"));

        using HttpResponseMessage refused = await server.PostAsync(body, path: path);

        refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        refused.Headers.RetryAfter.ShouldNotBeNull();
        JsonNode.Parse(await refused.Content.ReadAsStringAsync())!["error"]!["type"]!.GetValue<string>().ShouldBe("rate_limit_error");
        tile.Release(100);
        await running.AllAsync();
    }

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Apis))]
    public async Task A_seed_makes_a_reply_repeatable_and_a_limit_beyond_the_context_is_what_is_left(string path, string body)
    {
        await using TestServer server = await TestServer.StartAsync(
            new ScriptedModel(contextLength: 32).Replies(new Script().Unended(), new Script().Unended()));
        JsonObject more = JsonNode.Parse(body)!.AsObject();
        more["seed"] = 7;
        more["temperature"] = 1;
        more[path == TestServer.ResponsesPath ? "max_output_tokens" : "max_tokens"] = 100_000;

        JsonNode first = await server.ReplyAsync(more.ToJsonString(), path);
        JsonNode second = await server.ReplyAsync(more.ToJsonString(), path);

        foreach (string id in (string[])["id", "created", "created_at"])
        {
            first.AsObject().Remove(id);
            second.AsObject().Remove(id);
        }
        JsonNode usage = first["usage"]!;
        int prompt = (usage["prompt_tokens"] ?? usage["input_tokens"])!.GetValue<int>();
        (prompt + (usage["completion_tokens"] ?? usage["output_tokens"])!.GetValue<int>()).ShouldBe(32);
        Text(first).ShouldBe(Text(second));

        static string Text(JsonNode reply) => (reply["choices"]?[0] ?? reply["content"] ?? reply["output"]![0]!["content"])!.ToJsonString()
            .Replace(reply["signature"]?.GetValue<string>() ?? "\u0001", "", StringComparison.Ordinal).Split("\"signature\"")[0];
    }

    private static string Padded(string body, int length) => Merge(body, "user", new string('x', length));

    private static string Merge(string body, string name, string value)
    {
        JsonObject merged = JsonNode.Parse(body)!.AsObject();
        merged[name] = value;
        return merged.ToJsonString();
    }

    /// <summary>Lets time pass in steps, so that timers and the tasks behind them keep up.</summary>
    private static async Task AdvanceAsync(FakeTimeProvider time, TimeSpan span)
    {
        for (int i = 0; i < 20; i++)
        {
            time.Advance(span / 20);
            await Task.Delay(10);
        }
    }
}

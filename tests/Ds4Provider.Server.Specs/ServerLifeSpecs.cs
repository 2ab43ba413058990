using System.Net;
using System.Text.Json.Nodes;
using Ds4Provider.Engine;
using Ds4Provider.Server.Hosting;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;
using Ds4Provider.Wire.Server;

namespace Ds4Provider.Server.Specs;

public sealed class ServerLifeSpecs
{
    private static readonly ServerLimits ShortDrain = new() { Drain = TimeSpan.FromMilliseconds(200) };

    [Fact(Timeout = 30_000)]
    public async Task The_socket_answers_while_the_model_loads_and_requests_wait_for_it()
    {
        using var loading = new SemaphoreSlim(0);
        var model = new ScriptedModel().Replies(new Script().Think("").Say("Hello"));
        await using TestServer server = TestServer.Launch(model, open: () =>
        {
            loading.Wait(TimeSpan.FromSeconds(20));
            return new LoadedModel(model);
        });
        await server.Output.WaitForAsync<ServerLoading>();

        (await HealthAsync(server)).ShouldBe("loading");
        Task<JsonNode> waiting = server.ReplyAsync(Ask.For("Hi"));
        using EventReader streamed = await server.StreamAsync(Ask.Streamed("Hi"), progress: true);
        (await streamed.NextAsync())!["choices"]![0]!["delta"]!["role"]!.GetValue<string>().ShouldBe("assistant");
        (await streamed.NextAsync())!["ds4"]!["phase"]!.GetValue<string>().ShouldBe("loading");
        waiting.IsCompleted.ShouldBeFalse();

        loading.Release();

        (await waiting)["choices"]![0]!["finish_reason"]!.GetValue<string>().ShouldBe("stop");
        await streamed.AllAsync();
        streamed.IsDone.ShouldBeTrue();
        (await HealthAsync(server)).ShouldBe("ready");
        server.Output.Events.Take(2).ShouldBe([new ServerLoading("Loading Demo"), new ServerReady("demo", 4096)]);
    }

    [Theory(Timeout = 30_000)]
    [InlineData("nonsense", "not a configuration")]
    [InlineData("{}", "not a configuration")]
    [InlineData("null", "not a configuration")]
    public async Task A_wrong_first_line_ends_the_server_with_a_clear_event(string line, string message)
    {
        await using TestServer server = TestServer.Launch(new ScriptedModel(), firstLine: line);

        (await server.Exit.WaitAsync(TimeSpan.FromSeconds(20))).ShouldBe(1);

        ServerFailed failed = server.Output.Events.ShouldHaveSingleItem().ShouldBeOfType<ServerFailed>();
        failed.Message.ShouldContain(message);
        failed.Hint.ShouldContain("watchdog");
    }

    [Fact(Timeout = 30_000)]
    public async Task A_model_that_cannot_be_loaded_ends_the_server_with_its_reason()
    {
        await using TestServer server = TestServer.Launch(
            new ScriptedModel(), open: () => throw new EngineException(EngineStatus.Format, "demo.gguf is not a GGUF file"));

        (await server.Exit.WaitAsync(TimeSpan.FromSeconds(20))).ShouldBe(1);

        server.Output.Events[^1].ShouldBeOfType<ServerFailed>().Message.ShouldContain("demo.gguf is not a GGUF file");
        File.Exists(server.Socket).ShouldBeFalse();
    }

    [Fact(Timeout = 30_000)]
    public async Task A_second_server_does_not_take_the_socket_of_a_live_one()
    {
        await using TestServer first = await TestServer.StartAsync(new ScriptedModel());
        string configuration = ServerProtocol.Write(new ServerConfiguration(first.Socket, "l", "demo", "m", 0));
        await using TestServer second = TestServer.Launch(new ScriptedModel(), firstLine: configuration);

        (await second.Exit.WaitAsync(TimeSpan.FromSeconds(20))).ShouldBe(1);

        second.Output.Events.ShouldHaveSingleItem().ShouldBeOfType<ServerFailed>().Message.ShouldContain("Another server");
        (await HealthAsync(first)).ShouldBe("ready");
    }

    [Fact(Timeout = 30_000)]
    public async Task The_socket_of_a_killed_server_is_taken_over()
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("ds4s-");
        string path = Path.Combine(directory.FullName, "s.sock");
        using (var killed = new System.Net.Sockets.Socket(
            System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified))
        {
            killed.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(path));
            File.Move(path, path + ".kept"); // .NET unlinks the path on dispose; a kill does not
        }
        File.Move(path + ".kept", path);

        await using (TestServer server = TestServer.Launch(
            new ScriptedModel(), firstLine: ServerProtocol.Write(new ServerConfiguration(path, "l", "demo", "m", 0))))
        {
            await server.Output.WaitForAsync<ServerReady>();
            File.GetUnixFileMode(path).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        directory.Delete(recursive: true);
    }

    [Theory(Timeout = 30_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_end_of_input_or_a_signal_lets_the_running_reply_end_and_refuses_the_queued_one(bool signal)
    {
        using var decode = new SemaphoreSlim(0);
        var model = new ScriptedModel { BeforeDecode = () => decode.Wait(TimeSpan.FromSeconds(20)) };
        await using TestServer server = await TestServer.StartAsync(model.Replies(new Script().Think("ab").Say("c")));
        using EventReader running = await server.StreamAsync(Ask.Streamed("Hi"));
        await running.NextAsync();
        await running.NextAsync();
        using EventReader queued = await server.StreamAsync(Ask.Streamed("Me too"));
        await queued.NextAsync();

        if (signal)
            server.Signal();
        else
            server.EndInput();

        JsonNode error = (await queued.NextAsync())!["error"]!;
        error["code"]!.GetValue<string>().ShouldBe("server_stopping");
        // The watchdog heard it first: whoever comes back must not be sent here again.
        await server.Output.WaitForAsync<ServerStopping>();
        (await queued.NextAsync()).ShouldBeNull();
        queued.IsDone.ShouldBeFalse();
        decode.Release(100);
        await running.AllAsync();
        running.IsDone.ShouldBeTrue();
        (await server.Exit.WaitAsync(TimeSpan.FromSeconds(20))).ShouldBe(0);
        File.Exists(server.Socket).ShouldBeFalse();
        model.IsDisposed.ShouldBeTrue();
        model.Prefills.Count.ShouldBe(1);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_reply_that_outlasts_the_drain_ends_with_an_error_event()
    {
        var model = new ScriptedModel(contextLength: 1_000_000) { BeforeDecode = () => Thread.Sleep(2) };
        await using TestServer server = await TestServer.StartAsync(model.Replies(new Script().Unended()), ShortDrain);
        using EventReader running = await server.StreamAsync(Ask.Streamed("Hi"));
        await running.NextAsync();
        Task<HttpResponseMessage> whole = server.PostAsync(Ask.For("Hi"));
        await Eventually.HoldsAsync(
            () => server.Http.GetStringAsync("/health").GetAwaiter().GetResult().Contains("\"active_requests\":2", StringComparison.Ordinal),
            "both are admitted");

        server.EndInput();
        List<JsonNode> events = await running.AllAsync();

        events[^1]["error"]!["code"]!.GetValue<string>().ShouldBe("server_stopping");
        running.IsDone.ShouldBeFalse();
        using HttpResponseMessage refused = await whole;
        refused.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await server.Exit.WaitAsync(TimeSpan.FromSeconds(20))).ShouldBe(0);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_prompt_under_evaluation_is_ended_at_once()
    {
        using var tile = new SemaphoreSlim(0);
        var model = new ScriptedModel { BeforeTile = () => tile.Wait(TimeSpan.FromSeconds(20)) };
        await using TestServer server = await TestServer.StartAsync(model, new ServerLimits { Drain = TimeSpan.FromSeconds(25) });
        using EventReader running = await server.StreamAsync(Ask.Streamed("Hi"));
        await running.NextAsync();

        server.EndInput();

        // The drain and the tile last longer than this test.
        List<JsonNode> events = await running.AllAsync().WaitAsync(TimeSpan.FromSeconds(10));
        events[^1]["error"]!["code"]!.GetValue<string>().ShouldBe("server_stopping");
        tile.Release(100);
        (await server.Exit.WaitAsync(TimeSpan.FromSeconds(20))).ShouldBe(0);
        model.Prefills.Count.ShouldBeLessThanOrEqualTo(1);
    }

    [Fact(Timeout = 30_000)]
    public async Task An_engine_that_never_comes_back_does_not_keep_the_server_alive()
    {
        using var never = new SemaphoreSlim(0);
        var model = new ScriptedModel { BeforeTile = () => never.Wait(TimeSpan.FromSeconds(25)) };
        await using TestServer server = await TestServer.StartAsync(model, ShortDrain);
        using EventReader running = await server.StreamAsync(Ask.Streamed("Hi"));
        await running.NextAsync();

        server.EndInput();

        (await running.NextAsync())!["error"]!["code"]!.GetValue<string>().ShouldBe("server_stopping");
        (await server.Exit.WaitAsync(TimeSpan.FromSeconds(10))).ShouldBe(0);
        never.Release(100);
    }

    [Fact(Timeout = 30_000)]
    public async Task Work_is_reported_while_requests_run_and_once_when_they_have_ended()
    {
        using var decode = new SemaphoreSlim(0);
        var model = new ScriptedModel { BeforeDecode = () => decode.Wait(TimeSpan.FromSeconds(20)) };
        await using TestServer server = await TestServer.StartAsync(
            model.Replies(new Script().Think("abc")), new ServerLimits { Heartbeat = TimeSpan.FromMilliseconds(20) });
        using EventReader running = await server.StreamAsync(Ask.Streamed("Hi"));
        await server.Output.WaitForAsync<ServerWork>(w => w is { ActiveRequests: 1, PrefilledTokens: 6, GeneratedTokens: 1 });

        decode.Release(100);
        await running.AllAsync();

        // An idle report from before the request may stand there too: the model had just been loaded.
        await server.Output.WaitForAsync<ServerWork>(w => w is { ActiveRequests: 0, GeneratedTokens: 4 });
        await Task.Delay(100);
        server.Output.Events.OfType<ServerWork>()
            .Count(w => w is { ActiveRequests: 0, GeneratedTokens: > 0 }).ShouldBe(1);
    }

    [Fact(Timeout = 30_000)]
    public async Task An_engine_failure_before_the_reply_is_a_500_and_the_next_request_is_served()
    {
        int calls = 0;
        var model = new ScriptedModel
        {
            BeforeTile = () =>
            {
                if (Interlocked.Increment(ref calls) == 1)
                    throw new EngineException(EngineStatus.Io, "the weights were truncated");
            },
        };
        await using TestServer server = await TestServer.StartAsync(model);

        using HttpResponseMessage failed = await server.PostAsync(Ask.For("Hi"));
        failed.StatusCode.ShouldBe(HttpStatusCode.InternalServerError);
        JsonNode error = JsonNode.Parse(await failed.Content.ReadAsStringAsync())!["error"]!;
        error["message"]!.GetValue<string>().ShouldContain("the weights were truncated");
        error["code"]!.GetValue<string>().ShouldBe("engine_failure");

        await server.ReplyAsync(Ask.For("Hi"));
        model.Sessions.ShouldBe(2);
    }

    [Fact(Timeout = 30_000)]
    public async Task An_engine_failure_in_a_stream_is_an_error_event_and_its_end()
    {
        int calls = 0;
        var model = new ScriptedModel
        {
            BeforeDecode = () =>
            {
                if (Interlocked.Increment(ref calls) == 3)
                    throw new EngineException(EngineStatus.Io, "the weights were truncated");
            },
        };
        await using TestServer server = await TestServer.StartAsync(model.Replies(new Script().Think("abcdef")));

        using EventReader reader = await server.StreamAsync(Ask.Streamed("Hi"));
        List<JsonNode> events = await reader.AllAsync();

        events[^2]["choices"]![0]!["delta"]!["reasoning_content"]!.GetValue<string>().ShouldBe("c");
        events[^1]["error"]!["message"]!.GetValue<string>().ShouldContain("the weights were truncated");
        events[^1]["error"]!["type"]!.GetValue<string>().ShouldBe("server_error");
        reader.IsDone.ShouldBeFalse();
    }

    [Fact(Timeout = 30_000)]
    public async Task A_session_whose_logits_are_not_numbers_is_not_continued()
    {
        var model = new ScriptedModel { LogitsAreDamaged = true };
        await using TestServer server = await TestServer.StartAsync(model);
        using HttpResponseMessage failed = await server.PostAsync(Ask.For("Hi"));
        failed.StatusCode.ShouldBe(HttpStatusCode.InternalServerError);

        model.LogitsAreDamaged = false;
        await server.ReplyAsync(Ask.For("Hi"));

        model.Sessions.ShouldBe(2);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_client_that_does_not_read_holds_nobody_up()
    {
        var model = new ScriptedModel(contextLength: 60_000);
        await using TestServer server = await TestServer.StartAsync(model.Replies(new Script().Unended()));
        using HttpResponseMessage unread = await server.PostAsync(Ask.Streamed("Hi"));

        JsonNode reply = await server.ReplyAsync(Ask.For("Hi"));

        reply["choices"]![0]!["finish_reason"]!.GetValue<string>().ShouldBe("stop");
        model.Decoded.ShouldBeGreaterThan(59_000);
    }

    private static async Task<string> HealthAsync(TestServer server)
    {
        JsonNode health = JsonNode.Parse(await server.Http.GetStringAsync("/health"))!;
        health["model"]!.GetValue<string>().ShouldBe("demo");
        return health["status"]!.GetValue<string>();
    }
}

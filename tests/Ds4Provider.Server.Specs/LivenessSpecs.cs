using System.Net;
using System.Text.Json.Nodes;
using Ds4Provider.Server.Hosting;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;
using Microsoft.Extensions.Time.Testing;

namespace Ds4Provider.Server.Specs;

public sealed class LivenessSpecs
{
    [Fact(Timeout = 30_000)]
    public async Task Queued_and_prefilling_streams_are_never_silent_for_more_than_five_seconds()
    {
        var time = new FakeTimeProvider();
        using var tile = new SemaphoreSlim(0);
        var model = new ScriptedModel { BeforeTile = () => tile.Wait(TimeSpan.FromSeconds(20)) };
        await using TestServer server = await TestServer.StartAsync(model, time: time);
        using EventReader prefilling = await server.StreamAsync(Ask.Streamed("Hi"));
        await prefilling.NextAsync();
        using EventReader queued = await server.StreamAsync(Ask.Streamed("Hi"));
        await queued.NextAsync();

        for (int i = 0; i < 3; i++)
        {
            await AdvanceAsync(time, TimeSpan.FromSeconds(5));
            foreach (EventReader reader in (EventReader[])[prefilling, queued])
            {
                JsonNode sign = (await reader.NextAsync())!;
                sign["choices"]![0]!["delta"]!.AsObject().ShouldBeEmpty();
                sign["choices"]![0]!["finish_reason"].ShouldBeNull();
                sign.AsObject().ContainsKey("ds4").ShouldBeFalse();
            }
        }

        tile.Release(100);
        (await prefilling.AllAsync()).Count.ShouldBe(3);
        await queued.AllAsync();
    }

    [Fact(Timeout = 30_000)]
    public async Task A_slow_decode_is_not_silent_either()
    {
        var time = new FakeTimeProvider();
        using var decode = new SemaphoreSlim(0);
        var model = new ScriptedModel { BeforeDecode = () => decode.Wait(TimeSpan.FromSeconds(20)) };
        await using TestServer server = await TestServer.StartAsync(model.Replies(new Script().Think("ab")), time: time);
        using EventReader reader = await server.StreamAsync(Ask.Streamed("Hi"), progress: true);
        while ((await reader.NextAsync())!["choices"]![0]!["delta"]!["reasoning_content"] is null)
        {
            // The role and the progress of the prefill.
        }

        await AdvanceAsync(time, TimeSpan.FromSeconds(5));

        (await reader.NextAsync())!["choices"]![0]!["delta"]!.AsObject().ShouldBeEmpty();
        decode.Release(100);
        await reader.AllAsync();
    }

    [Fact(Timeout = 30_000)]
    public async Task A_client_that_asks_sees_its_place_in_the_queue_and_the_prefill_advance()
    {
        var time = new FakeTimeProvider();
        using var tile = new SemaphoreSlim(0);
        var model = new ScriptedModel { BeforeTile = () => tile.Wait(TimeSpan.FromSeconds(20)) };
        await using TestServer server = await TestServer.StartAsync(model, time: time);
        using EventReader first = await server.StreamAsync(Ask.Streamed("Hi"));
        await first.NextAsync();
        using EventReader second = await server.StreamAsync(Ask.Streamed("Hi"));
        await second.NextAsync();
        using EventReader watched = await server.StreamAsync(Ask.Streamed(new string('x', 44)), progress: true);
        await watched.NextAsync();

        JsonNode queued = (await watched.NextAsync())!["ds4"]!;
        queued["phase"]!.GetValue<string>().ShouldBe("queued");
        queued["queue_position"]!.GetValue<int>().ShouldBe(2);
        queued["total"]!.GetValue<int>().ShouldBe(48);

        tile.Release(2); // one to the checkpoint before the reply's marker, one for the marker
        await first.AllAsync();
        await AdvanceAsync(time, TimeSpan.FromMilliseconds(250));
        (await watched.NextAsync())!["ds4"]!["queue_position"]!.GetValue<int>().ShouldBe(1);

        tile.Release();
        await second.AllAsync();
        await AdvanceAsync(time, TimeSpan.FromMilliseconds(250));
        JsonNode begun = (await watched.NextAsync())!["ds4"]!;
        begun["phase"]!.GetValue<string>().ShouldBe("prefilling");
        begun["done"]!.GetValue<int>().ShouldBe(0);
        begun["total"]!.GetValue<int>().ShouldBe(48);

        await AdvanceAsync(time, TimeSpan.FromSeconds(1), () =>
        {
            tile.Release();
            return Eventually.HoldsAsync(() => tile.CurrentCount == 0, "the tile is taken");
        });
        JsonNode tiled = (await watched.NextAsync())!["ds4"]!;
        tiled["done"]!.GetValue<int>().ShouldBeGreaterThanOrEqualTo(16);

        tile.Release(100);
        (await watched.AllAsync())[^1]["choices"]![0]!["finish_reason"]!.GetValue<string>().ShouldBe("stop");
    }

    [Fact(Timeout = 30_000)]
    public async Task A_client_that_asks_hears_every_second_whoever_has_the_engine()
    {
        var time = new FakeTimeProvider();
        using var tile = new SemaphoreSlim(0);
        var model = new ScriptedModel { BeforeTile = () => tile.Wait(TimeSpan.FromSeconds(20)) };
        await using TestServer server = await TestServer.StartAsync(model, new ServerLimits { Slots = 3 }, time);
        using EventReader replying = await server.StreamAsync(Ask.Streamed("Hi"), progress: true);
        // The shorter prompt came first as well, so that the longer one gets no stretch before it is read.
        using EventReader served = await server.StreamAsync(Ask.Streamed(new string('x', 500)));
        using EventReader waiting = await server.StreamAsync(Ask.Streamed(new string('x', 1000)), progress: true);
        await EventsAsync(waiting, "queued", 1);
        tile.Release(2); // all of the first prompt: one to the checkpoint before the reply's marker, one for the marker
        await Eventually.HoldsAsync(() => model.Decoded > 0, "the first reply is being written");

        for (int second = 0; second < 3; second++)
        {
            await AdvanceAsync(time, TimeSpan.FromSeconds(1));
            JsonNode generating = await EventsAsync(replying, "generating", 1);
            generating["others"]!.GetValue<int>().ShouldBe(2);
            JsonNode prefilling = await EventsAsync(waiting, "prefilling", 1);
            prefilling["done"]!.GetValue<int>().ShouldBe(0);
            prefilling["total"]!.GetValue<int>().ShouldBe(1004);
            prefilling["others"]!.GetValue<int>().ShouldBe(2);
        }

        tile.Release(1000);
        foreach (EventReader reader in (EventReader[])[replying, served, waiting])
            (await reader.AllAsync())[^1]["choices"]![0]!["finish_reason"]!.GetValue<string>().ShouldBe("stop");
    }

    [Fact(Timeout = 60_000)]
    public async Task It_hears_while_the_engine_is_stuck_and_the_clock_is_a_real_one()
    {
        using var tile = new SemaphoreSlim(0);
        var model = new ScriptedModel { BeforeTile = () => tile.Wait(TimeSpan.FromSeconds(50)) };
        // Nothing but the limit for those who ask can end the silence.
        await using TestServer server = await TestServer.StartAsync(model, new ServerLimits { KeepAlive = TimeSpan.FromHours(1) });
        using EventReader running = await server.StreamAsync(Ask.Streamed("Hi"));
        using EventReader queued = await server.StreamAsync(Ask.Streamed("Hi"), progress: true);

        JsonNode last = await EventsAsync(queued, "queued", 4);

        last["queue_position"]!.GetValue<int>().ShouldBe(1);
        model.Tiles.ShouldBe(0);
        tile.Release(100);
        await running.AllAsync();
        await queued.AllAsync();
    }

    [Fact(Timeout = 30_000)]
    public async Task One_request_more_than_may_wait_is_told_to_come_back()
    {
        using var decode = new SemaphoreSlim(0);
        var model = new ScriptedModel { BeforeDecode = () => decode.Wait(TimeSpan.FromSeconds(20)) };
        await using TestServer server = await TestServer.StartAsync(
            model.Replies(new Script().Think("ab")), new ServerLimits { QueuedRequests = 2 });
        using EventReader running = await server.StreamAsync(Ask.Streamed("Hi"));
        using EventReader second = await server.StreamAsync(Ask.Streamed("Hi"));
        using EventReader third = await server.StreamAsync(Ask.Streamed("Hi"));

        using HttpResponseMessage refused = await server.PostAsync(Ask.Streamed("Hi"));

        refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        refused.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(10));
        JsonNode.Parse(await refused.Content.ReadAsStringAsync())!["error"]!["code"]!.GetValue<string>().ShouldBe("queue_full");
        (await server.Http.GetStringAsync("/health")).ShouldContain("\"active_requests\":3");
        decode.Release(100);
        foreach (EventReader reader in (EventReader[])[running, second, third])
            await reader.AllAsync();
        await server.ReplyAsync(Ask.For("Hi"));
    }

    [Fact(Timeout = 30_000)]
    public async Task Requests_are_answered_in_the_order_of_their_arrival()
    {
        using var decode = new SemaphoreSlim(0);
        var model = new ScriptedModel { BeforeDecode = () => decode.Wait(TimeSpan.FromSeconds(20)) };
        model.Replies([.. Enumerable.Range(0, 5).Select(i => new Script().Think("").Say($"{i}"))]);
        await using TestServer server = await TestServer.StartAsync(model);
        var readers = new List<EventReader>();
        for (int i = 0; i < 5; i++)
            readers.Add(await server.StreamAsync(Ask.Streamed("Hi")));

        decode.Release(100);

        for (int i = 0; i < 5; i++)
        {
            using EventReader reader = readers[i];
            List<JsonNode> events = await reader.AllAsync();
            string.Concat(events.Select(e => e["choices"]![0]!["delta"]!["content"]?.GetValue<string>())).ShouldBe($"{i}");
        }
    }

    /// <summary>Reads until progress of a phase has come as often as asked for; gives the last of it.</summary>
    private static async Task<JsonNode> EventsAsync(EventReader reader, string phase, int count)
    {
        while (true)
        {
            JsonNode? progress = (await reader.NextAsync()).ShouldNotBeNull()["ds4"];
            if (progress?["phase"]!.GetValue<string>() == phase && --count == 0)
                return progress;
        }
    }

    /// <summary>Lets the time pass in steps, so that timers which are set anew by their handlers fire too.</summary>
    private static async Task AdvanceAsync(FakeTimeProvider time, TimeSpan span, Func<Task>? first = null)
    {
        if (first is not null)
            await first();
        var step = TimeSpan.FromMilliseconds(250);
        for (TimeSpan passed = TimeSpan.Zero; passed < span; passed += step)
        {
            time.Advance(step);
            await Task.Delay(2);
        }
    }
}

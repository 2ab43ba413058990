using System.Text.Json.Nodes;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;

namespace Ds4Provider.Server.Specs;

public sealed class CancellationSpecs
{
    [Theory(Timeout = 30_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_leaves_stops_the_prefill_at_the_next_tile(bool stream)
    {
        using var tile = new SemaphoreSlim(0);
        var model = new ScriptedModel { BeforeTile = () => tile.Wait(TimeSpan.FromSeconds(20)) };
        await using TestServer server = await TestServer.StartAsync(model);
        string text = new('x', 1000);

        using (var leave = new CancellationTokenSource())
        {
            Task<HttpResponseMessage> request = server.PostAsync(stream ? Ask.Streamed(text) : Ask.For(text), cancellationToken: leave.Token);
            tile.Release(2);
            await Eventually.HoldsAsync(() => tile.CurrentCount == 0, "two tiles are taken");
            if (stream)
                (await request).Dispose();
            await leave.CancelAsync();
        }
        await WaitUntilIdleAsync(server, tile);

        model.Prefills.ShouldHaveSingleItem().ShouldBeInRange(32, 400);
    }

    [Theory(Timeout = 30_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_leaves_stops_the_decode_at_the_next_token(bool stream)
    {
        var model = new ScriptedModel(contextLength: 1_000_000) { BeforeDecode = () => Thread.Sleep(1) };
        await using TestServer server = await TestServer.StartAsync(model.Replies(new Script().Unended()));

        using (var leave = new CancellationTokenSource())
        {
            Task<HttpResponseMessage> request = server.PostAsync(stream ? Ask.Streamed("Hi") : Ask.For("Hi"), cancellationToken: leave.Token);
            await Eventually.HoldsAsync(() => model.Decoded > 10, "ten tokens");
            if (stream)
                (await request).Dispose();
            await leave.CancelAsync();
        }
        await WaitUntilIdleAsync(server);

        int left = model.Decoded;
        await Task.Delay(100);
        int settled = model.Decoded;
        settled.ShouldBeLessThan(left + 5);
        await Task.Delay(100);
        model.Decoded.ShouldBe(settled);
    }

    [Theory(Timeout = 30_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_leaves_the_queue_is_never_served(bool stream)
    {
        using var decode = new SemaphoreSlim(0);
        var model = new ScriptedModel { BeforeDecode = () => decode.Wait(TimeSpan.FromSeconds(20)) };
        await using TestServer server = await TestServer.StartAsync(model.Replies(new Script().Think("ab")));
        using EventReader running = await server.StreamAsync(Ask.Streamed("Hi"));
        await running.NextAsync();
        await running.NextAsync();

        using (var leave = new CancellationTokenSource())
        {
            Task<HttpResponseMessage> queued = server.PostAsync(stream ? Ask.Streamed("Me too") : Ask.For("Me too"), cancellationToken: leave.Token);
            await ActiveAsync(server, 2);
            if (stream)
                (await queued).Dispose();
            await leave.CancelAsync();
        }
        await ActiveAsync(server, 1);
        decode.Release(100);
        await running.AllAsync();
        await WaitUntilIdleAsync(server);

        model.Prefills.Count.ShouldBe(1);
    }

    [Fact(Timeout = 30_000)]
    public async Task What_was_prefilled_before_a_client_left_serves_its_next_try()
    {
        using var tile = new SemaphoreSlim(0);
        var model = new ScriptedModel { BeforeTile = () => tile.Wait(TimeSpan.FromSeconds(20)) };
        await using TestServer server = await TestServer.StartAsync(model);
        string text = new('x', 500);
        using (HttpResponseMessage left = await server.PostAsync(Ask.Streamed(text)))
        {
            tile.Release(10);
            await Eventually.HoldsAsync(() => tile.CurrentCount == 0, "ten tiles are taken");
        }
        await WaitUntilIdleAsync(server, tile);
        int evaluated = model.Prefills.ShouldHaveSingleItem();
        evaluated.ShouldBeLessThan(504);

        tile.Release(1000);
        JsonNode body = await server.ReplyAsync(Ask.For(text));

        body["usage"]!["prompt_tokens_details"]!["cached_tokens"]!.GetValue<int>().ShouldBe(evaluated);
        model.Prefills.ShouldBe([evaluated, 504 - evaluated]);
        model.Sessions.ShouldBe(1);
    }

    private static Task WaitUntilIdleAsync(TestServer server, SemaphoreSlim? tile = null) => ActiveAsync(server, 0, tile);

    private static async Task ActiveAsync(TestServer server, int requests, SemaphoreSlim? tile = null)
    {
        for (int i = 0; i < 500; i++)
        {
            if ((await server.Http.GetStringAsync("/health")).Contains($"\"active_requests\":{requests}"))
            {
                // The request is gone; the tile that runs still has to notice.
                if (tile is null || server.Model.Prefills.Count > 0)
                    return;
                tile.Release();
            }
            await Task.Delay(10);
        }
        throw new TimeoutException($"Never {requests} active requests.");
    }
}

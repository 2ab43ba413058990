using System.Diagnostics;
using Ds4Provider.Wire.Watchdog;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;

namespace Ds4Provider.Specs.Chat;

public sealed class FailureSpecs
{
    private static readonly string[] Fine = [Sse.Text("ok"), Sse.Finish(), Sse.Usage(), Sse.Done];

    [Fact(Timeout = 20_000)]
    public async Task A_refused_request_carries_the_servers_words()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(async context =>
        {
            context.Response.StatusCode = 400;
            await context.Response.WriteAsync("""{"error":{"message":"messages[2].role is 'robot'.","type":"invalid_request_error","param":"messages[2].role","code":"bad_role"}}""");
        });

        Ds4RequestException error = await Should.ThrowAsync<Ds4RequestException>(() => world.StreamAsync());

        error.Message.ShouldBe("messages[2].role is 'robot'.");
        (error.StatusCode, error.ErrorType, error.Code, error.Parameter).ShouldBe((400, "invalid_request_error", "bad_role", "messages[2].role"));
    }

    [Theory(Timeout = 20_000)]
    [InlineData("<html>bad gateway</html>", "bad gateway")]
    [InlineData("", "502")]
    [InlineData("{}", "502")]
    public async Task A_refusal_in_another_shape_is_quoted(string body, string expected)
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(async context =>
        {
            context.Response.StatusCode = 502;
            await context.Response.WriteAsync(body);
        });

        Ds4RequestException error = await Should.ThrowAsync<Ds4RequestException>(() => world.StreamAsync());

        error.StatusCode.ShouldBe(502);
        error.Message.ShouldContain(expected);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_server_that_gives_up_in_the_middle_says_why()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(Sse.Reply(
            Sse.Text("so far"), """{"error":{"message":"The engine failed.","type":"server_error","code":"engine"}}"""));
        var texts = new List<string>();

        Ds4RequestException error = await Should.ThrowAsync<Ds4RequestException>(async () =>
        {
            await foreach (ChatResponseUpdate update in world.Client.GetStreamingResponseAsync("hi", null, TimesUp))
                texts.Add(update.Text);
        });

        string.Concat(texts).ShouldBe("so far");
        (error.Message, error.StatusCode, error.Code).ShouldBe(("The engine failed.", null, "engine"));
    }

    [Fact(Timeout = 20_000)]
    public async Task Garbage_from_the_server_is_an_error_of_the_request()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(Sse.Reply("{not json"));

        (await Should.ThrowAsync<Ds4RequestException>(() => world.StreamAsync())).Code.ShouldBe("invalid_chunk");
    }

    [Fact(Timeout = 20_000)]
    public async Task A_request_that_meets_a_dead_server_waits_for_the_next_one()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(
            Sse.Reply(Fine),
            async (world, channel, _) =>
            {
                if (world.Acquisitions != 2)
                    return;
                await channel.SendAsync(new Wire.Watchdog.Progress(SetupPhase.Restarting, "Again"), default);
                await world.StartServerAsync(Sse.Reply(Fine));
            });
        (await world.Client.GetResponseAsync("one", cancellationToken: TimesUp)).Text.ShouldBe("ok");
        await world.Server.DisposeAsync();

        List<ChatResponseUpdate> updates = await world.StreamAsync("two");

        updates.ToChatResponse().Text.ShouldBe("ok");
        updates.ShouldContain(update => update.RawRepresentation is Ds4ProgressUpdate);
        world.Acquisitions.ShouldBe(2);
        world.Server.Request.Body.ShouldContain("two");
    }

    [Fact(Timeout = 20_000)]
    public async Task A_watchdog_that_has_not_noticed_yet_is_asked_again()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(
            null,
            async (world, _, _) =>
            {
                if (world.Acquisitions == 3)
                    await world.StartServerAsync(Sse.Reply(Fine));
            });

        (await world.Client.GetResponseAsync("hi", cancellationToken: TimesUp)).Text.ShouldBe("ok");

        world.Acquisitions.ShouldBe(3);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_server_that_is_never_there_is_given_up()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(null);

        Ds4UnavailableException error = await Should.ThrowAsync<Ds4UnavailableException>(() => world.StreamAsync());

        error.Reason.ShouldBe(Ds4UnavailableReason.StartFailed);
        world.Acquisitions.ShouldBe(5);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_connection_that_breaks_before_the_reply_is_tried_once_more()
    {
        int requests = 0;
        await using ChatWorld world = await ChatWorld.CreateAsync(async context =>
        {
            if (Interlocked.Increment(ref requests) == 1)
            {
                await Sse.SendAsync(context, Sse.Progress("""{"phase":"prefilling","done":1,"total":2}"""));
                context.Abort();
                return;
            }
            await Sse.SendAsync(context, Fine);
        });

        (await world.StreamAsync()).ToChatResponse().Text.ShouldBe("ok");

        requests.ShouldBe(2);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_request_that_breaks_every_server_is_given_up()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(context =>
        {
            context.Abort();
            return Task.CompletedTask;
        });

        await Should.ThrowAsync<Ds4UnavailableException>(() => world.StreamAsync());

        world.Server.Requests.Count.ShouldBe(2);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_stream_that_breaks_after_delivery_says_what_came_and_the_next_request_works()
    {
        int requests = 0;
        var delivered = new TaskCompletionSource();
        await using ChatWorld world = await ChatWorld.CreateAsync(async context =>
        {
            if (Interlocked.Increment(ref requests) > 1)
            {
                await Sse.SendAsync(context, Fine);
                return;
            }
            await Sse.SendAsync(context, Sse.Text("Hello"), Sse.CallStart(0, "a", "f", "{}"), Sse.CallStart(1, "b", "g", "{"));
            await delivered.Task;
            context.Abort();
        });

        Ds4ConnectionLostException error = await Should.ThrowAsync<Ds4ConnectionLostException>(async () =>
        {
            await foreach (ChatResponseUpdate update in world.Client.GetStreamingResponseAsync("hi", null, TimesUp))
            {
                if (update.TryGetToolCallUpdate(out Ds4ToolCallUpdate? piece) && piece.Index == 1)
                    delivered.SetResult();
            }
        });

        (error.DeliveredCharacters, error.DeliveredCalls).ShouldBe((8, 1));
        error.Message.ShouldContain("8 characters");
        (await world.Client.GetResponseAsync("again", cancellationToken: TimesUp)).Text.ShouldBe("ok");
    }

    [Fact(Timeout = 20_000)]
    public async Task A_stream_that_ends_without_an_end_is_a_broken_one()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(Sse.Reply(Sse.Text("half")));

        (await Should.ThrowAsync<Ds4ConnectionLostException>(() => world.StreamAsync())).DeliveredCharacters.ShouldBe(4);
    }

    [Fact(Timeout = 20_000)]
    public async Task Cancellation_closes_the_stream_at_once()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(async context =>
        {
            await Sse.SendAsync(context, Sse.Text("x"));
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TimesUp);
        });
        using var cancel = new CancellationTokenSource();
        Stopwatch? cancelled = null;

        await Should.ThrowAsync<OperationCanceledException>(async () =>
        {
            await foreach (ChatResponseUpdate update in world.Client.GetStreamingResponseAsync("hi", null, cancel.Token))
            {
                if (update.Text != "x")
                    continue;
                cancelled = Stopwatch.StartNew();
                await cancel.CancelAsync();
            }
        });

        await world.Server.ClientGone.Task.WaitAsync(TimesUp);
        cancelled!.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(1.5));
    }

    [Fact(Timeout = 20_000)]
    public async Task A_reader_that_stops_reading_closes_the_stream_at_once()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(async context =>
        {
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await Sse.SendAsync(context, Sse.Text("x"));
                await Task.Delay(5, TimesUp);
            }
        });
        await foreach (ChatResponseUpdate update in world.Client.GetStreamingResponseAsync("hi", null, TimesUp))
        {
            if (update.Text == "x")
                break;
        }
        var stopped = Stopwatch.StartNew();

        await world.Server.ClientGone.Task.WaitAsync(TimesUp);

        stopped.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(1.5));
    }

    [Fact(Timeout = 20_000)]
    public async Task Cancellation_before_the_headers_reaches_the_server()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(
            context => Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TimesUp));
        using var cancel = new CancellationTokenSource();
        Task<ChatResponse> asking = world.Client.GetResponseAsync("hi", cancellationToken: cancel.Token);
        while (world.Server.Requests.IsEmpty)
            await Task.Delay(5, TimesUp);

        await cancel.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => asking);
        await world.Server.ClientGone.Task.WaitAsync(TimesUp);
    }
}

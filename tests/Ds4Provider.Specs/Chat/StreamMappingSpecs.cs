using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Ds4Provider.Specs.Chat;

public sealed class StreamMappingSpecs
{
    [Fact(Timeout = 20_000)]
    public async Task Text_and_reasoning_arrive_piece_by_piece()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(Sse.Reply(
            Sse.Chunk("""{"role":"assistant","content":""}"""), Sse.Reasoning("hm"), Sse.Reasoning("m"), Sse.Text("Hel"), Sse.Text("lo 😀"), Sse.Finish(), Sse.Usage(), Sse.Done));

        List<ChatResponseUpdate> updates = [.. (await world.StreamAsync()).Where(update => update.RawRepresentation is null)];

        updates.SelectMany(update => update.Contents).OfType<TextReasoningContent>().Select(content => content.Text).ShouldBe(["hm", "m"]);
        updates.SelectMany(update => update.Contents).OfType<TextContent>().Select(content => content.Text).ShouldBe(["Hel", "lo 😀"]);
        updates.ShouldAllBe(update => update.Role == ChatRole.Assistant && update.ResponseId == "chatcmpl-1" && update.MessageId == "chatcmpl-1"
            && update.ModelId == "demo" && update.CreatedAt == DateTimeOffset.FromUnixTimeSeconds(1700000000));
        updates.Single(update => update.FinishReason is not null).FinishReason.ShouldBe(ChatFinishReason.Stop);
        UsageDetails usage = updates.SelectMany(update => update.Contents).OfType<UsageContent>().ShouldHaveSingleItem().Details;
        (usage.InputTokenCount, usage.OutputTokenCount, usage.TotalTokenCount, usage.CachedInputTokenCount, usage.ReasoningTokenCount)
            .ShouldBe((100, 20, 120, 80, 7));
    }

    [Fact(Timeout = 20_000)]
    public async Task Each_piece_is_delivered_when_it_comes()
    {
        var more = new TaskCompletionSource();
        await using ChatWorld world = await ChatWorld.CreateAsync(async context =>
        {
            await Sse.SendAsync(context, Sse.Text("first"));
            await more.Task;
            await Sse.SendAsync(context, Sse.Text("second"), Sse.Finish(), Sse.Done);
        });

        await using IAsyncEnumerator<ChatResponseUpdate> updates = world.Client.GetStreamingResponseAsync("hi", null, TimesUp).GetAsyncEnumerator(TimesUp);
        do
        {
            (await updates.MoveNextAsync()).ShouldBeTrue();
        }
        while (updates.Current.Text.Length == 0);
        updates.Current.Text.ShouldBe("first");
        more.SetResult();
        (await updates.MoveNextAsync()).ShouldBeTrue();
        updates.Current.Text.ShouldBe("second");
    }

    [Fact(Timeout = 20_000)]
    public async Task Arguments_are_live_beside_the_contents_and_each_call_comes_whole_when_it_ends()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(Sse.Reply(
            Sse.CallStart(0, "call_a", "read"), Sse.CallPiece(0, """{"path":"a"""), Sse.CallPiece(0, """.cs"}"""),
            Sse.CallStart(1, "call_b", "list", "{}"), Sse.Finish("tool_calls"), Sse.Usage(), Sse.Done));

        List<ChatResponseUpdate> updates = await world.StreamAsync();

        Ds4ToolCallUpdate[] pieces = [.. updates.Select(update => update.TryGetToolCallUpdate(out Ds4ToolCallUpdate? piece) ? piece : null).OfType<Ds4ToolCallUpdate>()];
        pieces.ShouldBe([
            new(0, "call_a", "read", ""), new(0, "call_a", "read", """{"path":"a"""), new(0, "call_a", "read", """.cs"}"""), new(1, "call_b", "list", "{}"),
        ]);
        updates.Where(update => update.TryGetToolCallUpdate(out _)).ShouldAllBe(update => update.Contents.Count == 0);
        FunctionCallContent[] calls = [.. updates.SelectMany(update => update.Contents).OfType<FunctionCallContent>()];
        calls.Select(call => (call.CallId, call.Name)).ShouldBe([("call_a", "read"), ("call_b", "list")]);
        calls[0].Arguments!["path"].ShouldBeOfType<JsonElement>().GetString().ShouldBe("a.cs");
        calls[1].Arguments!.ShouldBeEmpty();
        // The first call is whole before the second begins.
        int whole = updates.FindIndex(update => update.Contents.OfType<FunctionCallContent>().Any());
        int second = updates.FindIndex(update => update.TryGetToolCallUpdate(out Ds4ToolCallUpdate? piece) && piece.Index == 1);
        whole.ShouldBeLessThan(second);
        updates.Last(update => update.FinishReason is not null).FinishReason.ShouldBe(ChatFinishReason.ToolCalls);
    }

    [Fact(Timeout = 20_000)]
    public async Task Arguments_that_are_no_object_are_the_calls_exception()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(Sse.Reply(
            Sse.CallStart(0, "c", "f", "[1"), Sse.Finish("tool_calls"), Sse.Done));

        FunctionCallContent call = (await world.StreamAsync()).SelectMany(update => update.Contents).OfType<FunctionCallContent>().ShouldHaveSingleItem();

        call.Exception.ShouldNotBeNull();
    }

    [Fact(Timeout = 20_000)]
    public async Task Progress_travels_beside_the_contents()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(Sse.Reply(
            Sse.Progress("""{"phase":"queued","queue_position":2}"""),
            Sse.Progress("""{"phase":"prefilling","done":512,"total":2048,"rate":256.0}"""),
            Sse.Text("x"), Sse.Finish(), Sse.Done));

        List<ChatResponseUpdate> updates = await world.StreamAsync();

        Ds4Progress[] steps = [.. Steps(updates).Where(step => step.Phase is Ds4Phase.Queued or Ds4Phase.Prefilling)];
        steps[0].Message.ShouldBe("Waiting behind 2 other requests");
        steps[1].ShouldBe(new Ds4Progress(Ds4Phase.Prefilling, "Reading the prompt")
        {
            Done = 512,
            Total = 2048,
            Unit = "tokens",
            PerSecond = 256,
            Remaining = TimeSpan.FromSeconds(6),
        });
        steps[1].Fraction.ShouldBe(0.25);
        updates.ToChatResponse().Text.ShouldBe("x");
    }

    [Fact(Timeout = 20_000)]
    public async Task Progress_that_repeats_itself_is_passed_on_whatever_the_request_waits_for()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(Sse.Reply(
            Sse.Progress("""{"phase":"loading"}"""),
            Sse.Progress("""{"phase":"prefilling","done":0,"total":2048,"others":1}"""),
            Sse.Progress("""{"phase":"prefilling","done":0,"total":2048,"others":1}"""),
            Sse.Text("x"),
            Sse.Progress("""{"phase":"generating","others":2}"""),
            Sse.Progress("""{"phase":"generating"}"""),
            Sse.Text("y"), Sse.Finish(), Sse.Done));

        List<ChatResponseUpdate> updates = await world.StreamAsync();

        var reading = new Ds4Progress(Ds4Phase.Prefilling, "Reading the prompt, by turns with 1 other request") { Done = 0, Total = 2048, Unit = "tokens" };
        Steps(updates).Where(step => step.Phase != Ds4Phase.Waiting).ShouldBe(
        [
            new Ds4Progress(Ds4Phase.Loading, "Loading the model"), reading, reading,
            new Ds4Progress(Ds4Phase.Generating, "Writing the reply, by turns with 2 other requests"),
            new Ds4Progress(Ds4Phase.Generating, "Writing the reply"),
        ]);
        updates.ToChatResponse().Messages.ShouldHaveSingleItem().Text.ShouldBe("xy");
    }

    [Fact(Timeout = 20_000)]
    public async Task The_first_request_tells_of_the_setup()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(
            Sse.Reply(Sse.Text("x"), Sse.Finish(), Sse.Done),
            async (_, channel, _) => await channel.SendAsync(
                new Wire.Watchdog.Progress(Wire.Watchdog.SetupPhase.Building, "Compiling") { Done = 1, Total = 4, Unit = "files" }, default));

        List<ChatResponseUpdate> updates = await world.StreamAsync();

        Steps(updates).ShouldContain(new Ds4Progress(Ds4Phase.Building, "Compiling") { Done = 1, Total = 4, Unit = "files" });
        updates[0].TryGetProgressUpdate(out _).ShouldBeTrue();
        updates.ToChatResponse().Messages.ShouldHaveSingleItem().Text.ShouldBe("x");
    }

    [Fact(Timeout = 20_000)]
    public async Task A_reply_that_is_not_streamed_is_the_same_stream_collected()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(Sse.Reply(
            Sse.Progress("""{"phase":"queued"}"""), Sse.Reasoning("think"), Sse.Text("Hel"), Sse.Text("lo"),
            Sse.CallStart(0, "c1", "f", """{"a":1}"""), Sse.Finish("tool_calls"), Sse.Usage(), Sse.Done));

        ChatResponse response = await world.Client.GetResponseAsync("hi", cancellationToken: TimesUp);

        ChatMessage message = response.Messages.ShouldHaveSingleItem();
        message.Contents.Select(content => content.GetType().Name).ShouldBe(["TextReasoningContent", "TextContent", "FunctionCallContent"]);
        message.Text.ShouldBe("Hello");
        response.FinishReason.ShouldBe(ChatFinishReason.ToolCalls);
        response.ResponseId.ShouldBe("chatcmpl-1");
        response.ModelId.ShouldBe("demo");
        response.Usage!.CachedInputTokenCount.ShouldBe(80);
        JsonSerializer.Serialize(response.Messages, AIJsonUtilities.DefaultOptions).ShouldContain("Hello");
    }

    [Fact(Timeout = 20_000)]
    public async Task Reasoning_can_be_kept_back()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(Sse.Reply(Sse.Reasoning("think"), Sse.Text("x"), Sse.Finish(), Sse.Done));

        ChatResponse response = await world.Client.GetResponseAsync(
            "hi", new ChatOptions { Reasoning = new() { Output = ReasoningOutput.None } }, TimesUp);

        response.Messages.Single().Contents.ShouldHaveSingleItem().ShouldBeOfType<TextContent>();
    }

    [Theory(Timeout = 20_000)]
    [InlineData("length", "length")]
    [InlineData("content_filter", "content_filter")]
    [InlineData("odd", "odd")]
    public async Task The_reason_of_the_end_is_told(string wire, string expected)
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(Sse.Reply(Sse.Text("x"), Sse.Finish(wire), Sse.Done));

        (await world.Client.GetResponseAsync("hi", cancellationToken: TimesUp)).FinishReason!.Value.Value.ShouldBe(expected);
    }

    [Fact(Timeout = 60_000)]
    public async Task One_client_serves_many_requests_at_once()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(async context =>
        {
            await Sse.SendAsync(context, Sse.Text("a"));
            await Task.Delay(20, TimesUp);
            await Sse.SendAsync(context, Sse.Text("b"), Sse.Finish(), Sse.Done);
        });

        ChatResponse[] responses = await Task.WhenAll(
            Enumerable.Range(0, 32).Select(i => world.Client.GetResponseAsync($"q{i}", cancellationToken: TimesUp)));

        responses.ShouldAllBe(response => response.Text == "ab");
        world.Server.Requests.Count.ShouldBe(32);
        world.Acquisitions.ShouldBe(1);
    }

    [Fact(Timeout = 20_000)]
    public async Task The_client_tells_what_it_is()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(null);

        ChatClientMetadata metadata = world.Client.GetService<ChatClientMetadata>()!;
        (metadata.ProviderName, metadata.DefaultModelId).ShouldBe(("ds4", "ds4/demo"));
        world.Client.GetService<IDs4Runtime>().ShouldBe(world.Runtime);
        world.Client.GetService(world.Client.GetType()).ShouldBe(world.Client);
        world.Client.GetService<IDs4Runtime>("key").ShouldBeNull();
        world.Client.GetService<HttpClient>().ShouldBeNull();
    }

    private static IEnumerable<Ds4Progress> Steps(IEnumerable<ChatResponseUpdate> updates) =>
        updates.Select(update => update.TryGetProgressUpdate(out Ds4ProgressUpdate? step) ? step.Progress : null).OfType<Ds4Progress>();
}

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Ds4Provider.Wire.Watchdog;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;

namespace Ds4Provider.Specs.Telemetry;

/// <summary>Tests run side by side: each listens to its own trace.</summary>
public sealed class TelemetrySpecs : IDisposable
{
    private static readonly ActivitySource Tests = new("Ds4Provider.Specs");

    private readonly ConcurrentQueue<Activity> _spans = [];
    private readonly ConcurrentQueue<(string Instrument, double Value, Dictionary<string, object?> Tags)> _measurements = [];
    private readonly ActivityListener _spanListener;
    private readonly MeterListener _meterListener = new();
    private readonly Activity _test;

    public TelemetrySpecs()
    {
        _spanListener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Ds4Provider" or "Ds4Provider.Specs",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                if (span.Source.Name == "Ds4Provider" && span.TraceId == _test?.TraceId)
                    _spans.Enqueue(span);
            },
        };
        ActivitySource.AddActivityListener(_spanListener);
        _test = Tests.StartActivity("test")!;
        _meterListener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == "Ds4Provider")
                listener.EnableMeasurementEvents(instrument);
        };
        _meterListener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value, tags));
        _meterListener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        _meterListener.Start();
    }

    private IEnumerable<Activity> Replies => _spans.Where(span => span.DisplayName.StartsWith("chat ", StringComparison.Ordinal));

    public void Dispose()
    {
        _meterListener.Dispose();
        _test.Dispose();
        _spanListener.Dispose();
    }

    [Fact(Timeout = 20_000)]
    public async Task A_reply_is_a_span_and_two_kinds_of_measurements_of_the_conventions_for_generative_ai()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(Sse.Reply(Sse.Text("secret words"), Sse.Finish(), Sse.Usage(), Sse.Done));

        await world.StreamAsync();

        Activity span = Replies.ShouldHaveSingleItem();
        span.DisplayName.ShouldBe("chat demo");
        span.Kind.ShouldBe(ActivityKind.Client);
        span.ParentSpanId.ShouldBe(_test.SpanId);
        span.Status.ShouldBe(ActivityStatusCode.Unset);
        span.GetTagItem("gen_ai.operation.name").ShouldBe("chat");
        span.GetTagItem("gen_ai.request.model").ShouldBe("demo");
        span.GetTagItem("gen_ai.usage.input_tokens").ShouldBe(100L);
        span.GetTagItem("gen_ai.usage.output_tokens").ShouldBe(20L);
        span.GetTagItem("gen_ai.response.finish_reasons").ShouldBe(new[] { "stop" });
        span.TagObjects.ShouldAllBe(tag => !$"{tag.Value}".Contains("secret"));
        _measurements.Where(one => one.Instrument == "gen_ai.client.token.usage")
            .Select(one => (one.Tags["gen_ai.token.type"], one.Value)).ShouldBe([("input", 100), ("output", 20)]);
        _measurements.Single(one => one.Instrument == "gen_ai.client.operation.duration").Tags.ShouldNotContainKey("error.type");
    }

    [Fact(Timeout = 20_000)]
    public async Task A_failure_is_named_by_its_type()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(async context =>
        {
            context.Response.StatusCode = 400;
            await context.Response.WriteAsync("{}");
        });

        await Should.ThrowAsync<Ds4RequestException>(() => world.StreamAsync());

        Activity span = Replies.ShouldHaveSingleItem();
        span.Status.ShouldBe(ActivityStatusCode.Error);
        span.GetTagItem("error.type").ShouldBe(typeof(Ds4RequestException).FullName);
        _measurements.Single(one => one.Instrument == "gen_ai.client.operation.duration").Tags["error.type"].ShouldBe(typeof(Ds4RequestException).FullName);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_reader_that_stops_is_no_success()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(Sse.Reply(Sse.Text("a"), Sse.Text("b"), Sse.Finish(), Sse.Done));

        await foreach (ChatResponseUpdate update in world.Client.GetStreamingResponseAsync("hi", null, TimesUp))
        {
            if (update.Text.Length > 0)
                break;
        }

        Replies.ShouldHaveSingleItem().GetTagItem("error.type").ShouldBe("cancelled");
    }

    [Fact(Timeout = 20_000)]
    public async Task The_way_to_a_model_is_a_span_of_the_request_that_caused_it_with_one_for_each_step()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(
            Sse.Reply(Sse.Text("a"), Sse.Finish(), Sse.Done),
            async (_, channel, _) =>
            {
                await channel.SendAsync(new Wire.Watchdog.Progress(SetupPhase.Building, "Compiling") { Done = 1, Total = 2 }, TimesUp);
                await channel.SendAsync(new Wire.Watchdog.Progress(SetupPhase.Building, "Compiling") { Done = 2, Total = 2 }, TimesUp);
                await channel.SendAsync(new Wire.Watchdog.Progress(SetupPhase.Loading, "Loading"), TimesUp);
            });

        await world.StreamAsync();
        await world.Runtime.DisposeAsync(); // all spans have ended

        Activity way = _spans.Single(span => span.DisplayName == "prepare demo");
        way.ParentSpanId.ShouldBe(Replies.Single().SpanId);
        way.Status.ShouldBe(ActivityStatusCode.Unset);
        _spans.Where(span => span.ParentSpanId == way.SpanId).Select(span => span.DisplayName).ShouldBe(["build engine", "start server"]);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_way_that_leads_nowhere_says_why()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(
            null, (_, channel, _) => channel.SendAsync(new Failed(FailureReason.NotEnoughDisk, "It is full.", "Make room."), TimesUp));

        await Should.ThrowAsync<Ds4UnavailableException>(() => world.StreamAsync());
        await world.Runtime.DisposeAsync();

        Activity way = _spans.Single(span => span.DisplayName == "prepare demo");
        (way.Status, way.GetTagItem("error.type")).ShouldBe((ActivityStatusCode.Error, "NotEnoughDisk"));
    }

    private void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (Activity.Current?.TraceId == _test.TraceId)
            _measurements.Enqueue((instrument.Name, value, tags.ToArray().ToDictionary()));
    }
}

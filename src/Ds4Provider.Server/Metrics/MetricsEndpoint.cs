using System.Text;
using Ds4Provider.Server.Scheduling;
using Ds4Provider.Server.Sessions;
using Microsoft.AspNetCore.Http;

namespace Ds4Provider.Server.Metrics;

/// <summary><c>GET /metrics</c>, for Prometheus. Thread-safe.</summary>
internal sealed class MetricsEndpoint(
    ServerMetrics metrics, Admission admission, GenerationWorker worker, WorkMeter meter, ReuseMeter reuse, TimeProvider time)
{
    private readonly long start = time.GetTimestamp();

    public async Task HandleAsync(HttpContext context)
    {
        var text = new PrometheusText();
        text.Gauge("ds4_model_loaded", "1 once the model is loaded.", worker.Loaded.IsCompletedSuccessfully ? 1 : 0);
        text.Gauge("ds4_uptime_seconds", "Time since the start.", time.GetElapsedTime(start).TotalSeconds);
        text.Gauge("ds4_requests_active", "Requests running or waiting.", admission.Active);
        text.Counter("ds4_prefilled_tokens_total", "Prompt tokens evaluated, also for replies that were cancelled.", meter.PrefilledTokens);
        text.Counter("ds4_generated_tokens_total", "Tokens sampled, also for replies that were cancelled.", meter.GeneratedTokens);
        WriteReuse(text);
        metrics.Write(text);
        byte[] body = Encoding.UTF8.GetBytes(text.ToString());
        context.Response.ContentType = PrometheusText.ContentType;
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }

    private void WriteReuse(PrometheusText text)
    {
        if (!admission.IsClosed && worker.Loaded is { IsCompletedSuccessfully: true, Result: { Checkpoints: { } checkpoints } model })
        {
            text.Gauge("ds4_slots", "Replies that can be generated at a time.", model.Slots);
            text.Gauge("ds4_state_bytes", "Memory of sessions and checkpoints; what they share counts once.", model.Engine.Model.StateBytes);
            text.Gauge("ds4_checkpoints", "States in memory to which a prompt can return.", checkpoints.Count);
            text.Counter("ds4_checkpoints_evicted_total", "States that were given up for memory.", checkpoints.Evicted);
        }
        if (!admission.IsClosed && worker.Loaded is { IsCompletedSuccessfully: true, Result.Store: { } store })
        {
            text.Gauge("ds4_stored_states", "States of conversations on the disk.", store.Count);
            text.Gauge("ds4_stored_bytes", "Bytes of their files.", store.Bytes);
            text.Counter("ds4_states_written_total", "States written to the disk.", store.Written);
        }
        text.Family("ds4_prompts_begun_total", "counter", "Prompts by where they went on.");
        foreach (ReuseSource source in Enum.GetValues<ReuseSource>())
            text.Sample("ds4_prompts_begun_total", reuse[source].Prompts, ("source", Name(source)));
        text.Family("ds4_reused_tokens_total", "counter", "Prompt tokens that were not evaluated again, by where they came from.");
        foreach (ReuseSource source in Enum.GetValues<ReuseSource>().Where(source => source != ReuseSource.None))
            text.Sample("ds4_reused_tokens_total", reuse[source].Tokens, ("source", Name(source)));
        text.Family("ds4_seconds_saved_total", "counter", "Time that evaluating the reused tokens would have taken.");
        text.Sample("ds4_seconds_saved_total", Math.Round(reuse.SecondsSaved, 1));
    }

    private static string Name(ReuseSource source) => source.ToString().ToLowerInvariant();
}

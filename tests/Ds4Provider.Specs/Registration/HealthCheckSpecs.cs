using Ds4Provider.Wire.Watchdog;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Specs.Registration;

public sealed class HealthCheckSpecs
{
    [Fact(Timeout = 20_000)]
    public async Task Before_anybody_asks_for_a_model_all_is_well_and_nothing_starts()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(null);

        HealthReportEntry entry = await CheckAsync(world);

        entry.Status.ShouldBe(HealthStatus.Healthy);
        world.Acquisitions.ShouldBe(0);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_model_that_is_prepared_degrades_and_one_that_answers_is_healthy()
    {
        var go = new TaskCompletionSource();
        await using ChatWorld world = await ChatWorld.CreateAsync(
            Sse.Reply(Sse.Done),
            async (_, channel, _) =>
            {
                await channel.SendAsync(new Wire.Watchdog.Progress(SetupPhase.Downloading, "Weights") { Done = 1, Total = 4 }, TimesUp);
                await go.Task;
            });
        var steps = new TaskCompletionSource();
        Task preparing = world.Runtime.PrepareAsync(Ds4Model.DemoId, new Told(steps), TimesUp).AsTask();
        await steps.Task;

        HealthReportEntry meanwhile = await CheckAsync(world);
        go.SetResult();
        await preparing;
        HealthReportEntry ready = await CheckAsync(world);

        (meanwhile.Status, meanwhile.Description).ShouldBe((HealthStatus.Degraded, "Weights (25 %)"));
        (ready.Status, ready.Data["contextWindow"]).ShouldBe((HealthStatus.Healthy, 4096));
    }

    [Fact(Timeout = 20_000)]
    public async Task A_model_that_cannot_be_had_is_unhealthy_and_says_why()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(
            null, (_, channel, _) => channel.SendAsync(new Failed(FailureReason.NotEnoughMemory, "It needs 87 GiB.", "Use ds4/demo."), TimesUp));
        await Should.ThrowAsync<Ds4UnavailableException>(() => world.Runtime.PrepareAsync(Ds4Model.DemoId, null, TimesUp).AsTask());

        HealthReportEntry entry = await CheckAsync(world);

        entry.Status.ShouldBe(HealthStatus.Unhealthy);
        entry.Description.ShouldNotBeNull().ShouldContain("It needs 87 GiB.");
    }

    [Fact(Timeout = 20_000)]
    public async Task A_server_that_is_gone_is_unhealthy()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(Sse.Reply(Sse.Done));
        await world.Runtime.PrepareAsync(Ds4Model.DemoId, null, TimesUp);
        await world.Server.DisposeAsync();

        HealthReportEntry entry = await CheckAsync(world);

        entry.Status.ShouldBe(HealthStatus.Unhealthy);
        entry.Description.ShouldNotBeNull().ShouldContain("does not answer");
    }

    private static async Task<HealthReportEntry> CheckAsync(ChatWorld world)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.ClearProviders()).AddSingleton<IDs4Runtime>(_ => world.Runtime);
        services.AddHealthChecks().AddDs4Provider();
        // Not disposed of: the runtime is the world's.
        HealthCheckService checks = services.BuildServiceProvider().GetRequiredService<HealthCheckService>();
        return (await checks.CheckHealthAsync(TimesUp)).Entries["ds4"];
    }

    private sealed class Told(TaskCompletionSource steps) : IProgress<Ds4Progress>
    {
        public void Report(Ds4Progress value) => steps.TrySetResult();
    }
}

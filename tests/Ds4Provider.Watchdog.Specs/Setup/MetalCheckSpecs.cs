using Ds4Provider.Watchdog.Setup;
using Ds4Provider.Watchdog.Setup.Engine;
using Ds4Provider.Watchdog.Setup.SelfTest;
using Ds4Provider.Wire.Watchdog;
using static Ds4Provider.Watchdog.Specs.SpecContext;

namespace Ds4Provider.Watchdog.Specs.Setup;

public sealed class MetalCheckSpecs : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly WatchdogPaths _paths;

    public MetalCheckSpecs()
    {
        _paths = new WatchdogPaths(_folder["home"], _folder["run"]);
        _paths.CreateDirectories();
    }

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = Limit)]
    public async Task An_engine_without_a_Metal_backend_has_nothing_to_try()
    {
        (await Check().RunAsync(new EngineBuild(_folder["absent"]), TimesUp)).ShouldBeNull();
    }

    [Fact(Timeout = Limit)]
    public async Task The_last_line_is_the_verdict_and_everything_is_in_the_report()
    {
        MetalReport report = await RunAsync("echo GPU: Apple M1; echo \"tried $2\"; echo Every stage agrees.");

        report.Passes.ShouldBeTrue();
        report.Verdict.ShouldBe("Every stage agrees.");
        report.Record.ShouldBeNull();
        string text = await File.ReadAllTextAsync(report.Path, TimesUp);
        text.ShouldContain("engine build");
        text.ShouldContain("GPU: Apple M1\ntried " + new PayloadFolder(_folder["payload"]).DemoModel);
    }

    [Fact(Timeout = Limit)]
    public async Task A_wrong_stage_leaves_a_record_and_the_next_run_does_not_keep_it()
    {
        MetalReport wrong = await RunAsync("echo numbers > \"$4\"; echo Stage attend is wrong.; exit 1");

        wrong.Passes.ShouldBeFalse();
        wrong.Verdict.ShouldBe("Stage attend is wrong.");
        (await File.ReadAllTextAsync(wrong.Record.ShouldNotBeNull(), TimesUp)).ShouldBe("numbers\n");
        wrong.Files.ShouldBe($"{wrong.Path} and {wrong.Record}");

        (await RunAsync("echo Every stage agrees.")).Record.ShouldBeNull();
    }

    [Fact(Timeout = Limit)]
    public async Task A_check_that_crashes_says_so()
    {
        MetalReport report = await RunAsync("echo GPU: Apple M1; kill -SEGV $$");

        report.Passes.ShouldBeFalse();
        report.Verdict.ShouldBe("The check of the GPU ended with 139.");
    }

    [Fact(Timeout = Limit)]
    public async Task A_check_that_never_ends_is_ended_and_told()
    {
        MetalReport report = await RunAsync("echo GPU: Apple M1; exec sleep 1000", TimeSpan.FromSeconds(1));

        report.Passes.ShouldBeFalse();
        report.Verdict.ShouldBe("The check of the GPU did not end within 1 seconds.");
        (await File.ReadAllTextAsync(report.Path, TimesUp)).ShouldContain("GPU: Apple M1");
    }

    private MetalCheck Check(TimeSpan? limit = null) => new(new PayloadFolder(_folder["payload"]), _paths, limit ?? MetalCheck.DefaultLimit);

    private async Task<MetalReport> RunAsync(string tool, TimeSpan? limit = null)
    {
        _folder.WriteScript("build/ds4-check-metal", tool);
        return (await Check(limit).RunAsync(new EngineBuild(_folder["build"]), TimesUp)).ShouldNotBeNull();
    }
}

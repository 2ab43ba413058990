using System.Diagnostics;
using Ds4Provider.Wire.Watchdog;
using static Ds4Provider.Watchdog.Specs.Processes.ProcessExtensions;
using static Ds4Provider.Watchdog.Specs.SpecContext;

namespace Ds4Provider.Watchdog.Specs.Processes;

public sealed class SetupSpecs
{
    [Fact(Timeout = Limit)]
    public async Task Two_programs_share_one_build_and_both_see_it()
    {
        await using var world = new World();
        world.Set("DUMMY_MAKE_GATE", world.Folder["gate"]);
        await using WatchdogConnection first = await world.AcquireAsync("first");
        await using WatchdogConnection second = await world.AcquireAsync("second");

        while ((await first.UntilPhaseAsync(SetupPhase.Building)).Done is null)
        {
            // The step before the first compiled file.
        }
        (await second.UntilPhaseAsync(SetupPhase.Building)).Message.ShouldNotBeEmpty();
        await File.WriteAllTextAsync(world.Folder["gate"], "", TimesUp);

        (await first.NextAsync<Ready>()).ServerPid.ShouldBe((await second.NextAsync<Ready>()).ServerPid);
        (await File.ReadAllLinesAsync(world.MakeRuns, TimesUp)).Length.ShouldBe(1);
    }

    [Fact(Timeout = Limit)]
    public async Task A_build_is_made_once_and_used_by_every_later_watchdog()
    {
        await using var world = new World();
        for (int i = 0; i < 2; i++)
        {
            WatchdogConnection client = await world.AcquireAsync();
            await client.NextAsync<Ready>();
            await client.DisposeAsync();
            await world.UntilOverAsync();
        }

        (await File.ReadAllLinesAsync(world.MakeRuns, TimesUp)).Length.ShouldBe(1);
        Directory.GetDirectories(world.Paths.Engines).Length.ShouldBe(1);
    }

    [Fact(Timeout = Limit)]
    public async Task Changed_sources_make_a_new_build_and_the_old_one_stays()
    {
        await using var world = new World();
        await using WatchdogConnection client = await world.AcquireAsync();
        await client.NextAsync<Ready>();
        await client.TrySendAsync(new Stop(), TimesUp);
        await world.UntilOverAsync();
        world.Folder.Write("payload/native/src/forward.c", "int backward;");

        await using WatchdogConnection next = await world.AcquireAsync();
        await next.NextAsync<Ready>();

        Directory.GetDirectories(world.Paths.Engines).Length.ShouldBe(2);
    }

    [Fact(Timeout = Limit)]
    public async Task A_build_that_nobody_waits_for_any_more_is_ended_and_leaves_nothing_half_done()
    {
        await using var world = new World(grace: 5);
        world.Set("DUMMY_MAKE", "slow");
        WatchdogConnection client = await world.AcquireAsync();
        int make = await world.UntilMakeRunsAsync();
        IsAlive(make).ShouldBeTrue();

        await client.DisposeAsync();

        await UntilDeadAsync(make);
        await using WatchdogConnection observer = (await world.TryConnectAsync()).ShouldNotBeNull();
        while ((await observer.StatusAsync()).Model is not null)
            await Task.Delay(10, TimesUp);
        Directory.GetDirectories(world.Paths.Engines).ShouldAllBe(folder => folder.EndsWith(".unfinished", StringComparison.Ordinal));
    }

    [Fact(Timeout = Limit)]
    public async Task A_build_ends_when_the_watchdog_is_killed()
    {
        await using var world = new World();
        world.Set("DUMMY_MAKE", "slow");
        await using WatchdogConnection client = await world.AcquireAsync();
        int make = await world.UntilMakeRunsAsync();
        Status status = await client.StatusAsync();

        Kill(status.Pid);

        await UntilDeadAsync(make);
    }

    [Theory(Timeout = Limit)]
    [InlineData("cc", "C compiler")]
    [InlineData("make", "make")]
    public async Task A_missing_tool_is_named_with_the_command_that_installs_it(string tool, string name)
    {
        await using var world = new World();
        File.Delete(world.Folder[$"bin/{tool}"]);
        await using WatchdogConnection client = await world.AcquireAsync();

        Failed failed = await client.NextAsync<Failed>();

        failed.Reason.ShouldBe(FailureReason.BuildFailed);
        failed.Message.ShouldContain($"no working {name}");
        failed.Hint.ShouldContain(OperatingSystem.IsMacOS() ? "xcode-select --install" : "apt install build-essential");
    }

    [Fact(Timeout = Limit)]
    public async Task Errors_of_the_compiler_reach_the_client_with_the_path_of_the_whole_log()
    {
        await using var world = new World();
        world.Set("DUMMY_MAKE", "broken");
        await using WatchdogConnection client = await world.AcquireAsync();

        Failed failed = await client.NextAsync<Failed>();

        failed.Reason.ShouldBe(FailureReason.BuildFailed);
        failed.Message.ShouldContain("src/forward.c:7: error: expected ';'");
        (await File.ReadAllTextAsync(failed.Log!, TimesUp)).ShouldContain("cc -c src/forward.c");
    }

    [Fact(Timeout = Limit)]
    public async Task An_engine_that_computes_something_else_never_serves()
    {
        await using var world = new World();
        world.Set("DUMMY_MAKE", "wrong");
        await using WatchdogConnection client = await world.AcquireAsync();

        Failed failed = await client.NextAsync<Failed>();

        failed.Reason.ShouldBe(FailureReason.SelfTestFailed);
        failed.Message.ShouldContain("worst relative error 1.0e-2");
        failed.Message.ShouldContain("allowed 1e-3");
        // A failure is not remembered as a success.
        await client.TrySendAsync(new Acquire("demo"), TimesUp);
        (await client.NextAsync<Failed>()).Reason.ShouldBe(FailureReason.SelfTestFailed);
    }

    [Fact(Timeout = Limit)]
    public async Task An_engine_that_computes_something_else_on_a_GPU_is_told_with_the_kernel()
    {
        await using var world = new World();
        world.Set("DUMMY_MAKE", "wrong");
        world.Set("DUMMY_CHECK_METAL", "echo record > \"$4\"; echo GPU: a dummy; echo Stage attend is wrong.; exit 1");
        await using WatchdogConnection client = await world.AcquireAsync();

        Failed failed = await client.NextAsync<Failed>();

        failed.Reason.ShouldBe(FailureReason.SelfTestFailed);
        failed.Message.ShouldContain("worst relative error 1.0e-2");
        failed.Message.ShouldEndWith("Stage attend is wrong.");
        failed.Hint.ShouldContain(Path.Combine(world.Paths.Logs, "metal-stage.record"));
        (await File.ReadAllTextAsync(failed.Log!, TimesUp)).ShouldContain("GPU: a dummy");
    }

    [Theory(Timeout = Limit)]
    [InlineData("exit 0")] // It runs, and computes nothing.
    [InlineData("exit 127")] // It does not run here.
    public async Task A_packaged_engine_that_does_not_work_here_is_compiled_instead_and_not_tried_again(string tool)
    {
        await using var world = new World();
        world.WritePackagedEngine(tool);
        await using (WatchdogConnection client = await world.AcquireAsync())
            await client.NextAsync<Ready>();
        File.ReadAllLines(world.MakeRuns).Length.ShouldBe(1);
        string[] builds = Directory.GetDirectories(world.Paths.Engines);
        builds.Length.ShouldBe(1);
        builds[0].ShouldNotEndWith("-packaged");
        await world.UntilOverAsync();

        await using (WatchdogConnection client = await world.AcquireAsync())
            await client.NextAsync<Ready>();
        File.ReadAllLines(world.MakeRuns).Length.ShouldBe(1, "the compiled one is used at once");
        Directory.GetDirectories(world.Paths.Engines).ShouldBe(builds);
    }

    [Fact(Timeout = Limit)]
    public async Task A_packaged_engine_of_other_sources_is_not_used()
    {
        await using var world = new World();
        world.WritePackagedEngine("exit 0");
        world.Folder.Write("payload/native/added.c", "int added;");
        await using WatchdogConnection client = await world.AcquireAsync();

        await client.NextAsync<Ready>();

        File.Exists(world.MakeRuns).ShouldBeTrue();
    }

    [Fact(Timeout = Limit)]
    public async Task A_machine_that_cannot_run_flash_is_told_so_before_anything_is_built()
    {
        await using var world = new World();
        await using WatchdogConnection client = await world.AcquireAsync(model: "deepseek-v4-flash");

        Failed failed = await client.NextAsync<Failed>();

        // Which of them depends on the machine that runs this test; none of them needs an engine.
        failed.Reason.ShouldBeOneOf(FailureReason.NotEnoughMemory, FailureReason.NotEnoughDisk, FailureReason.DownloadNeeded);
        failed.Hint.ShouldNotBeEmpty();
        File.Exists(world.MakeRuns).ShouldBeFalse();
    }

    [Fact(Timeout = Limit)]
    public async Task A_missing_demo_model_is_named()
    {
        await using var world = new World();
        File.Delete(world.Folder["payload/models/ds4-demo.gguf"]);
        await using WatchdogConnection client = await world.AcquireAsync();

        Failed failed = await client.NextAsync<Failed>();

        failed.Reason.ShouldBe(FailureReason.WeightsMissing);
        failed.Message.ShouldContain("ds4-demo.gguf");
    }

    [Fact(Timeout = Limit)]
    public async Task A_state_directory_that_cannot_be_made_is_a_clear_error()
    {
        await using var world = new World();
        // Tests may run as root, whom no permission stops; a file in its place stops everybody.
        world.Folder.Write("home", "a file");

        Process watchdog = world.StartWatchdog();
        string errors = await watchdog.StandardError.ReadToEndAsync(TimesUp) + await watchdog.StandardOutput.ReadToEndAsync(TimesUp);
        await watchdog.WaitForExitAsync(TimesUp);

        watchdog.ExitCode.ShouldNotBe(0);
        errors.ShouldContain(world.Folder["home"]);
        errors.ShouldContain("a file of that name is in its place");
    }
}

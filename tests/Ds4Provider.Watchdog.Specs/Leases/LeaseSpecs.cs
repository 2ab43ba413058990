using Ds4Provider.Wire.Watchdog;
using static Ds4Provider.Watchdog.Specs.SpecContext;

namespace Ds4Provider.Watchdog.Specs.Leases;

public sealed class LeaseSpecs
{
    [Fact(Timeout = Limit)]
    public async Task Two_clients_that_ask_at_once_share_one_setup_and_both_see_its_progress()
    {
        await using var desk = new Desk();
        await using DeskClient first = await desk.OpenAsync("first");
        await using DeskClient second = await desk.OpenAsync("second");
        await first.SendAsync(new Acquire("demo"));
        FakeRun run = await desk.Runner.NextAsync(TimesUp);
        await second.SendAsync(new Acquire("demo"));
        await desk.UntilLeasesAsync(2);

        run.Observer.Progress(new Progress(SetupPhase.Building, "step") { Done = 1, Total = 2 });

        foreach (DeskClient client in (DeskClient[])[first, second])
        {
            Progress progress;
            do
                progress = await client.NextAsync<Progress>();
            while (progress.Phase == SetupPhase.Waiting);
            progress.Done.ShouldBe(1);
        }
        run.BecomeReady();
        (await first.NextAsync<Ready>()).Model.ShouldBe("demo");
        (await second.NextAsync<Ready>()).Socket.ShouldBe("/run/server.sock");
        desk.Runner.HasStartedAnother.ShouldBeFalse();
    }

    [Fact(Timeout = Limit)]
    public async Task A_download_is_allowed_by_whoever_does_not_ask_to_be_asked()
    {
        await using var desk = new Desk();
        await using DeskClient careful = await desk.OpenAsync("careful");
        await careful.SendAsync(new Acquire("deepseek-v4-flash") { AskBeforeDownload = true });
        FakeRun run = await desk.Runner.NextAsync(TimesUp);
        run.Observer.MayDownload.ShouldBeFalse();

        await using DeskClient willing = await desk.OpenAsync("willing");
        await willing.SendAsync(new Acquire("deepseek-v4-flash"));
        await desk.UntilLeasesAsync(2);

        run.Observer.MayDownload.ShouldBeTrue();
    }

    [Fact(Timeout = Limit)]
    public async Task Who_allowed_a_download_too_late_for_a_run_gets_a_run_that_may_and_the_other_is_asked()
    {
        await using var desk = new Desk();
        await using DeskClient careful = await desk.OpenAsync("careful");
        await careful.SendAsync(new Acquire("deepseek-v4-flash") { AskBeforeDownload = true });
        FakeRun run = await desk.Runner.NextAsync(TimesUp);
        await using DeskClient willing = await desk.OpenAsync("willing");
        await willing.SendAsync(new Acquire("deepseek-v4-flash"));
        await desk.UntilLeasesAsync(2);

        run.End.SetException(new SetupException(FailureReason.DownloadNeeded, "87 GB must be fetched.", "Allow it."));

        (await careful.NextAsync<Failed>()).Reason.ShouldBe(FailureReason.DownloadNeeded);
        FakeRun next = await desk.Runner.NextAsync(TimesUp);
        next.Observer.MayDownload.ShouldBeTrue();
        next.BecomeReady();
        await willing.NextAsync<Ready>();
    }

    [Fact(Timeout = Limit)]
    public async Task Who_allows_a_download_after_being_asked_gets_a_run_that_may()
    {
        await using var desk = new Desk();
        await using DeskClient client = await desk.OpenAsync();
        await client.SendAsync(new Acquire("deepseek-v4-flash") { AskBeforeDownload = true });
        (await desk.Runner.NextAsync(TimesUp)).End.SetException(new SetupException(FailureReason.DownloadNeeded, "87 GB must be fetched.", "Allow it."));
        await client.NextAsync<Failed>();

        await client.SendAsync(new Acquire("deepseek-v4-flash"));

        (await desk.Runner.NextAsync(TimesUp)).Observer.MayDownload.ShouldBeTrue();
    }

    [Fact(Timeout = Limit)]
    public async Task Who_comes_late_gets_the_latest_progress_at_once()
    {
        await using var desk = new Desk();
        await using DeskClient first = await desk.OpenAsync();
        await first.SendAsync(new Acquire("demo"));
        FakeRun run = await desk.Runner.NextAsync(TimesUp);
        run.Observer.Progress(new Progress(SetupPhase.Downloading, "half way"));
        (await first.NextAsync<Progress>()).Phase.ShouldBe(SetupPhase.Waiting);
        (await first.NextAsync<Progress>()).Phase.ShouldBe(SetupPhase.Downloading);

        await using DeskClient late = await desk.OpenAsync();
        await late.SendAsync(new Acquire("demo"));

        (await late.NextAsync<Progress>()).Message.ShouldBe("half way");
    }

    [Fact(Timeout = Limit)]
    public async Task A_model_that_answers_is_given_at_once()
    {
        await using var desk = new Desk();
        (DeskClient first, _) = await desk.OpenReadyAsync();
        await using DeskClient second = await desk.OpenAsync();

        await second.SendAsync(new Acquire("demo"));

        (await second.NextAsync()).ShouldBeOfType<Ready>().ContextWindow.ShouldBe(8192);
        await first.DisposeAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task The_only_holder_may_switch_and_the_old_server_is_gone_before_the_new_one_starts()
    {
        await using var desk = new Desk();
        (DeskClient client, FakeRun old) = await desk.OpenReadyAsync("demo");

        await client.SendAsync(new Acquire("deepseek-v4-flash"));

        (await client.NextAsync<Progress>()).Phase.ShouldBe(SetupPhase.Waiting);
        old.Stopping.IsCancellationRequested.ShouldBeTrue();
        desk.Runner.HasStartedAnother.ShouldBeFalse();
        old.End.SetResult();
        FakeRun next = await desk.Runner.NextAsync(TimesUp);
        next.Model.ShouldBe("deepseek-v4-flash");
        next.BecomeReady();
        (await client.NextAsync<Ready>()).Model.ShouldBe("deepseek-v4-flash");
        await client.DisposeAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task A_setup_goes_on_while_one_waiter_is_left_and_is_cancelled_with_the_last()
    {
        await using var desk = new Desk();
        DeskClient first = await desk.OpenAsync();
        DeskClient second = await desk.OpenAsync();
        await first.SendAsync(new Acquire("demo"));
        await second.SendAsync(new Acquire("demo"));
        FakeRun run = await desk.Runner.NextAsync(TimesUp);
        await desk.UntilLeasesAsync(2);

        await first.DisposeAsync();
        await desk.UntilLeasesAsync(1);
        run.Stopping.IsCancellationRequested.ShouldBeFalse();
        await second.DisposeAsync();

        await UntilAsync(() => run.Stopping.IsCancellationRequested);
    }

    [Fact(Timeout = Limit)]
    public async Task A_failed_setup_is_told_to_every_waiter_and_the_next_acquire_tries_again()
    {
        await using var desk = new Desk();
        await using DeskClient first = await desk.OpenAsync();
        await using DeskClient second = await desk.OpenAsync();
        await first.SendAsync(new Acquire("demo"));
        await second.SendAsync(new Acquire("demo"));
        FakeRun run = await desk.Runner.NextAsync(TimesUp);
        await desk.UntilLeasesAsync(2);

        run.End.SetException(new SetupException(FailureReason.BuildFailed, "no compiler", "get one", "/log"));

        (await first.NextAsync<Failed>()).ShouldBe(new Failed(FailureReason.BuildFailed, "no compiler", "get one") { Log = "/log" });
        (await second.NextAsync<Failed>()).Reason.ShouldBe(FailureReason.BuildFailed);
        (await first.StatusAsync()).Leases.ShouldBeEmpty();
        await first.SendAsync(new Acquire("demo"));
        (await desk.Runner.NextAsync(TimesUp)).BecomeReady();
        await first.NextAsync<Ready>();
    }

    [Fact(Timeout = Limit)]
    public async Task A_defect_in_a_run_reaches_the_client_and_not_the_watchdog()
    {
        await using var desk = new Desk();
        await using DeskClient client = await desk.OpenAsync();
        await client.SendAsync(new Acquire("demo"));

        (await desk.Runner.NextAsync(TimesUp)).End.SetException(new InvalidOperationException("surprise"));

        Failed failed = await client.NextAsync<Failed>();
        failed.Reason.ShouldBe(FailureReason.StartFailed);
        failed.Message.ShouldContain("surprise");
        (await client.StatusAsync()).Version.ShouldBe("1.2.3");
    }

    [Fact(Timeout = Limit)]
    public async Task After_a_crash_the_same_connection_hears_restarting_and_ready_again()
    {
        await using var desk = new Desk();
        (DeskClient client, FakeRun run) = await desk.OpenReadyAsync();

        run.Observer.Progress(new Progress(SetupPhase.Restarting, "again"));
        (await client.NextAsync<Progress>()).Phase.ShouldBe(SetupPhase.Restarting);
        await client.SendAsync(new Acquire("demo"));
        (await client.NextAsync<Progress>()).Phase.ShouldBe(SetupPhase.Restarting);
        run.BecomeReady();

        await client.NextAsync<Ready>();
        (await client.StatusAsync()).Restarts.ShouldBe(1);
        await client.DisposeAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task An_unknown_model_is_refused()
    {
        await using var desk = new Desk();
        await using DeskClient client = await desk.OpenAsync();

        await client.SendAsync(new Acquire("gpt-9"));

        (await client.NextAsync<Failed>()).Reason.ShouldBe(FailureReason.UnknownModel);
    }

    [Fact(Timeout = Limit)]
    public async Task Status_tells_model_phase_server_and_leases_and_takes_no_lease()
    {
        await using var desk = new Desk();
        (DeskClient client, _) = await desk.OpenReadyAsync();
        await using DeskClient observer = await desk.OpenAsync("observer");

        Status status = await observer.StatusAsync();

        status.Pid.ShouldBe(Environment.ProcessId);
        status.Model.ShouldBe("demo");
        status.Phase.ShouldBe(SetupPhase.Ready);
        status.ServerPid.ShouldBe(FakeRun.ServerPid);
        status.Leases.ShouldBe([new LeaseStatus("agent", 100, "demo")]);
        await client.DisposeAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task A_client_that_does_not_read_is_dropped_and_delays_nobody()
    {
        await using var desk = new Desk();
        await using var deaf = new DeskClient(await desk.ConnectAsync());
        await deaf.SendAsync(new Hello(WatchdogProtocol.Version, "deaf", 66));
        await deaf.SendAsync(new Acquire("demo"));
        FakeRun run = await desk.Runner.NextAsync(TimesUp);
        await using DeskClient client = await desk.OpenAsync();
        await client.SendAsync(new Acquire("demo"));
        await desk.UntilLeasesAsync(2);
        string longMessage = new('m', 8000);

        for (int i = 0; i < 1000; i++)
        {
            run.Observer.Progress(new Progress(SetupPhase.Building, longMessage) { Done = i });
            Progress seen;
            do
                seen = await client.NextAsync<Progress>();
            while (seen.Done != i);
        }

        await desk.UntilLeasesAsync(1);
        (await client.StatusAsync()).Leases.ShouldHaveSingleItem().Client.ShouldBe("agent");
    }

    [Theory(Timeout = Limit)]
    [InlineData("")]
    [InlineData("example.org")]
    public async Task Listening_on_what_is_no_address_is_refused(string host)
    {
        await using var desk = new Desk();
        (DeskClient client, _) = await desk.OpenReadyAsync();

        await client.SendAsync(new Listen(host, 0));

        (await client.NextAsync<Failed>()).Reason.ShouldBe(FailureReason.BadRequest);
        await client.DisposeAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task A_listener_is_given_back_when_the_connection_that_asked_for_it_closes()
    {
        await using var desk = new Desk();
        (DeskClient stays, FakeRun run) = await desk.OpenReadyAsync();
        DeskClient leaves = await desk.OpenAsync("serve");
        await leaves.SendAsync(new Acquire("demo"));
        await leaves.NextAsync<Ready>();
        await leaves.SendAsync(new Listen("127.0.0.1", 5000));
        await leaves.NextAsync<Listening>();
        run.Released.ShouldBeEmpty();

        await leaves.DisposeAsync();

        while (run.Released.IsEmpty)
            await Task.Delay(5, TimesUp);
        run.Released.ShouldBe(["http://127.0.0.1:5000"]);
        await stays.DisposeAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task Listening_needs_a_lease_on_a_model_that_answers()
    {
        await using var desk = new Desk();
        (DeskClient client, _) = await desk.OpenReadyAsync();
        await using DeskClient stranger = await desk.OpenAsync();

        await stranger.SendAsync(new Listen("127.0.0.1", 5000));
        (await stranger.NextAsync<Failed>()).Reason.ShouldBe(FailureReason.BadRequest);
        await client.SendAsync(new Listen("127.0.0.1", 5000));
        (await client.NextAsync<Listening>()).Address.ShouldBe("http://127.0.0.1:5000");
        await client.SendAsync(new Listen("127.0.0.1", 1));
        (await client.NextAsync<Failed>()).Reason.ShouldBe(FailureReason.PortInUse);
        await client.DisposeAsync();
    }
}

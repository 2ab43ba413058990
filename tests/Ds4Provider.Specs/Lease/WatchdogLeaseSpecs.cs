using System.Collections.Concurrent;
using System.Diagnostics;
using Ds4Provider.Lease;
using Ds4Provider.Wire.Specs.Watchdog;
using Ds4Provider.Wire.Watchdog;
using Microsoft.Extensions.Logging.Abstractions;
using WireProgress = Ds4Provider.Wire.Watchdog.Progress;

namespace Ds4Provider.Specs.Lease;

public sealed class WatchdogLeaseSpecs : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly WatchdogPaths _paths;
    private readonly ConcurrentQueue<WatchdogMessage> _received = new();
    private readonly WatchdogLease _lease;
    private FakeWatchdog? _watchdog;
    private int _connects;
    private int _closed;

    public WatchdogLeaseSpecs()
    {
        _paths = new WatchdogPaths(_folder["state"], _folder["run"]);
        _paths.CreateDirectories();
        var launcher = new WatchdogLauncher(
            _paths, _ => throw new InvalidOperationException("Nothing may be started here."), Environment.GetEnvironmentVariable, TimeProvider.System);
        _lease = new WatchdogLease(
            async cancellationToken =>
            {
                Interlocked.Increment(ref _connects);
                return await launcher.ConnectAsync("spec", cancellationToken);
            },
            NullLogger.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        await _lease.DisposeAsync();
        if (_watchdog is not null)
            await _watchdog.DisposeAsync();
        _folder.Dispose();
    }

    [Fact(Timeout = 20_000)]
    public async Task Nothing_happens_before_a_model_is_wanted()
    {
        Answer(ReadyAsync);
        await Task.Delay(50, TimesUp);
        _connects.ShouldBe(0);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_model_is_acquired_once_and_then_found_at_once()
    {
        Answer(ReadyAsync);

        ServerEndpoint endpoint = await FindAsync();

        (endpoint.Model, endpoint.ContextWindow, endpoint.DisplayName).ShouldBe(("demo", 4096, "Demo"));
        var watch = Stopwatch.StartNew();
        for (int i = 0; i < 10_000; i++)
            (await FindAsync()).ShouldBe(endpoint);
        (watch.Elapsed / 10_000).ShouldBeLessThan(TimeSpan.FromMilliseconds(0.1));
        _received.OfType<Acquire>().ShouldBe([new Acquire("demo")]);
    }

    [Fact(Timeout = 20_000)]
    public async Task Callers_that_come_together_share_one_preparation_and_all_see_its_progress()
    {
        var go = new TaskCompletionSource();
        Answer(async (channel, acquire) =>
        {
            await channel.SendAsync(new WireProgress(SetupPhase.Downloading, "Weights") { Done = 5, Total = 10, Unit = "bytes", Rate = 2, Remaining = 2.5 }, default);
            await go.Task;
            await ReadyAsync(channel, acquire);
        });
        var first = new Steps();
        var late = new Steps();
        Task<ServerEndpoint> one = FindAsync(first);
        await first.WaitForAsync(Ds4Phase.Downloading);
        Task<ServerEndpoint> two = FindAsync(late);
        await late.WaitForAsync(Ds4Phase.Downloading);

        go.SetResult();

        (await two).ShouldBe(await one);
        late.Seen.Last().ShouldBe(new Ds4Progress(Ds4Phase.Downloading, "Weights")
        {
            Done = 5,
            Total = 10,
            Unit = "bytes",
            PerSecond = 2,
            Remaining = TimeSpan.FromSeconds(2.5),
        });
        _received.OfType<Acquire>().Count().ShouldBe(1);
        _connects.ShouldBe(1);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_machine_that_cannot_hold_the_model_is_told_in_the_watchdogs_words()
    {
        const string Sentence = "DeepSeek V4 Flash (q2) needs 87.2 GiB of memory; this machine has 15.5 GiB.";
        Answer(async (channel, _) => await channel.SendAsync(
            new Failed(FailureReason.NotEnoughMemory, Sentence, "Use ds4/demo.") { NeededBytes = 93, FoundBytes = 16, Log = "/l" }, default));

        Ds4UnavailableException error = await Should.ThrowAsync<Ds4UnavailableException>(() => FindAsync());

        (error.Reason, error.Problem, error.Hint).ShouldBe((Ds4UnavailableReason.NotEnoughMemory, Sentence, "Use ds4/demo."));
        (error.NeededBytes, error.FoundBytes, error.LogPath).ShouldBe((93, 16, "/l"));
        error.Message.ShouldBe(Sentence + " Use ds4/demo.");
        // A lease held for nothing would keep other programs from using another model.
        await UntilAsync(() => _closed == 1);
        await Should.ThrowAsync<Ds4UnavailableException>(() => FindAsync());
        _received.OfType<Acquire>().Count().ShouldBe(2);
    }

    [Fact(Timeout = 20_000)]
    public async Task The_last_caller_that_gives_up_lets_go_of_the_lease()
    {
        Answer((_, _) => Task.CompletedTask);
        using var cancel = new CancellationTokenSource();
        Task<ServerEndpoint> one = FindAsync(cancellationToken: cancel.Token);
        using var cancelOther = new CancellationTokenSource();
        Task<ServerEndpoint> two = FindAsync(cancellationToken: cancelOther.Token);
        await UntilAsync(() => _received.OfType<Acquire>().Any());

        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => one);
        await Task.Delay(50, TimesUp);
        _closed.ShouldBe(0);

        await cancelOther.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => two);
        await UntilAsync(() => _closed == 1);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_caller_that_comes_after_everybody_gave_up_starts_anew()
    {
        int acquisitions = 0;
        Answer((channel, acquire) => Interlocked.Increment(ref acquisitions) == 1 ? Task.CompletedTask : ReadyAsync(channel, acquire));
        using var cancel = new CancellationTokenSource();
        Task<ServerEndpoint> first = FindAsync(cancellationToken: cancel.Token);
        await UntilAsync(() => acquisitions == 1);
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => first);

        (await FindAsync()).Model.ShouldBe("demo");
        _connects.ShouldBe(2);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_cancelled_caller_starts_nothing()
    {
        Answer(ReadyAsync);
        await Should.ThrowAsync<OperationCanceledException>(() => FindAsync(cancellationToken: new CancellationToken(true)));
        _connects.ShouldBe(0);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_watchdog_that_died_is_found_again_by_the_next_caller()
    {
        Answer(ReadyAsync);
        ServerEndpoint before = await FindAsync();
        _watchdog!.CloseConnections();
        await UntilAsync(() => _closed == 1);

        await UntilAsync(() => !ReferenceEquals(FindAsync().Result, before));

        _connects.ShouldBe(2);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_watchdog_that_ends_during_the_preparation_is_replaced()
    {
        int acquisitions = 0;
        Answer(async (channel, acquire) =>
        {
            if (Interlocked.Increment(ref acquisitions) == 1)
                await channel.DisposeAsync();
            else
                await ReadyAsync(channel, acquire);
        });

        (await FindAsync()).Model.ShouldBe("demo");

        acquisitions.ShouldBe(2);
    }

    [Fact(Timeout = 20_000)]
    public async Task Whoever_waits_hears_that_a_watchdog_stops_and_that_the_next_one_is_looked_for()
    {
        Answer(async (channel, acquire) =>
        {
            if (_received.OfType<Acquire>().Count() > 1)
            {
                await ReadyAsync(channel, acquire);
                return;
            }
            await channel.SendAsync(new Stopping("It was told to."), default);
            await channel.DisposeAsync();
        });
        var steps = new Steps();

        (await FindAsync(steps)).Model.ShouldBe("demo");

        steps.Seen.Select(step => step.Message).ShouldBe(["It was told to.", "The watchdog ended; looking for the next one"]);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_watchdog_that_ends_every_time_is_given_up()
    {
        Answer(async (channel, _) => await channel.DisposeAsync());

        (await Should.ThrowAsync<Ds4UnavailableException>(() => FindAsync())).Reason.ShouldBe(Ds4UnavailableReason.StartFailed);

        _connects.ShouldBe(3);
    }

    public static TheoryData<string> Steps_on_the_way => ["accepted", "hello", "welcome", "acquire", "progress", "ready"];

    [Theory(Timeout = 20_000)]
    [MemberData(nameof(Steps_on_the_way))]
    public async Task A_watchdog_that_ends_at_any_step_is_replaced(string step)
    {
        _watchdog = new FakeWatchdog(_paths.WatchdogSocket, async (channel, number) =>
        {
            string last = number == 0 ? step : "";
            if (last == "accepted")
                return;
            (await channel.ReceiveAsync(TimesUp)).ShouldBeOfType<Hello>();
            if (last == "hello")
                return;
            await channel.SendAsync(new Welcome(WatchdogProtocol.Version, "0.1.0"), TimesUp);
            if (last == "welcome")
                return;
            Acquire acquire = (await channel.ReceiveAsync(TimesUp)).ShouldBeOfType<Acquire>();
            if (last == "acquire")
                return;
            await channel.SendAsync(new WireProgress(SetupPhase.Building, "Compiling"), TimesUp);
            if (last == "progress")
                return;
            await ReadyAsync(channel, acquire);
            if (last == "ready")
                return;
            await channel.ReceiveAsync(CancellationToken.None);
        });
        // The next one is there already: nothing is started.
        var launcher = new WatchdogLauncher(
            _paths, _ => Task.FromResult("/nowhere"), Environment.GetEnvironmentVariable, TimeProvider.System);
        await using var lease = new WatchdogLease(launcherCancelled => launcher.ConnectAsync("spec", launcherCancelled), NullLogger.Instance);

        await UntilAsync(() => lease.FindAsync("demo", default, TimesUp).AsTask().Result.Model == "demo" && _watchdog.Connections == 2);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_watchdog_that_is_gone_before_it_can_be_asked_is_replaced()
    {
        Answer(ReadyAsync);
        var launcher = new WatchdogLauncher(
            _paths, _ => throw new InvalidOperationException("Nothing may be started here."), Environment.GetEnvironmentVariable, TimeProvider.System);
        int connects = 0;
        await using var lease = new WatchdogLease(
            async cancellationToken =>
            {
                WatchdogConnection connection = await launcher.ConnectAsync("spec", cancellationToken);
                // Its end is there to be read when the lease begins to.
                if (Interlocked.Increment(ref connects) == 1)
                    _watchdog!.CloseConnections();
                return connection;
            },
            NullLogger.Instance);

        (await lease.FindAsync("demo", default, TimesUp)).Model.ShouldBe("demo");

        connects.ShouldBe(2);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_stopping_watchdog_is_waited_out()
    {
        int acquisitions = 0;
        Answer(async (channel, acquire) =>
        {
            if (Interlocked.Increment(ref acquisitions) == 1)
            {
                await channel.SendAsync(new Failed(FailureReason.Stopping, "Stopping.", "Connect again."), default);
                await Task.Delay(100, TimesUp);
                await channel.DisposeAsync();
                return;
            }
            await ReadyAsync(channel, acquire);
        });

        (await FindAsync()).Model.ShouldBe("demo");
    }

    [Fact(Timeout = 20_000)]
    public async Task A_server_that_restarts_by_itself_is_waited_for_and_found()
    {
        WatchdogChannel? held = null;
        Answer(async (channel, acquire) =>
        {
            held = channel;
            if (_received.OfType<Acquire>().Count() == 1)
                await ReadyAsync(channel, acquire);
        });
        ServerEndpoint before = await FindAsync();

        await held!.SendAsync(new WireProgress(SetupPhase.Restarting, "It crashed"), TimesUp);
        var steps = new Steps();
        Task<ServerEndpoint>? again = null;
        await UntilAsync(() =>
        {
            again = FindAsync(steps);
            return !again.IsCompleted;
        });
        await held.SendAsync(new WireProgress(SetupPhase.Loading, "Loading"), TimesUp);
        await steps.WaitForAsync(Ds4Phase.Loading);
        await ReadyAsync(held, new Acquire("demo"));

        (await again!).ShouldNotBeSameAs(before);
        _connects.ShouldBe(1);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_forgotten_server_is_acquired_again_on_the_same_connection()
    {
        Answer(ReadyAsync);
        ServerEndpoint before = await FindAsync();

        _lease.Forget(before);

        (await FindAsync()).ShouldNotBeSameAs(before);
        _received.OfType<Acquire>().Count().ShouldBe(2);
        _connects.ShouldBe(1);
    }

    [Fact(Timeout = 20_000)]
    public async Task Models_take_turns()
    {
        var go = new TaskCompletionSource();
        Answer(async (channel, acquire) =>
        {
            if (acquire.Model == "demo")
                await go.Task;
            await ReadyAsync(channel, acquire);
        });
        var steps = new Steps();
        Task<ServerEndpoint> demo = FindAsync();
        await UntilAsync(() => _received.OfType<Acquire>().Any());
        Task<ServerEndpoint> flash = FindAsync(steps, model: "deepseek-v4-flash");
        await steps.WaitForAsync(Ds4Phase.Waiting);

        go.SetResult();

        (await demo).Model.ShouldBe("demo");
        (await flash).Model.ShouldBe("deepseek-v4-flash");
        (await FindAsync(model: "deepseek-v4-flash")).ShouldBe(await flash);
        _received.OfType<Acquire>().Select(acquire => acquire.Model).ShouldBe(["demo", "deepseek-v4-flash"]);
    }

    [Fact(Timeout = 20_000)]
    public async Task Disposal_closes_the_lease_and_ends_waits()
    {
        Answer((_, _) => Task.CompletedTask);
        Task<ServerEndpoint> waiting = FindAsync();
        await UntilAsync(() => _received.OfType<Acquire>().Any());

        await _lease.DisposeAsync();

        await Should.ThrowAsync<ObjectDisposedException>(() => waiting);
        await UntilAsync(() => _closed == 1);
        await Should.ThrowAsync<ObjectDisposedException>(() => FindAsync());
        _received.OfType<Linger>().ShouldBeEmpty();
    }

    public static TheoryData<Exception> Obstacles => [new IOException("no device"), new UnauthorizedAccessException("not yours"), new System.Text.Json.JsonException("no line")];

    [Theory(Timeout = 20_000, DisableDiscoveryEnumeration = true)]
    [MemberData(nameof(Obstacles))]
    public async Task Whatever_keeps_the_watchdog_from_being_reached_is_told_in_one_way(Exception obstacle)
    {
        await using var lease = new WatchdogLease(_ => Task.FromException<WatchdogConnection>(obstacle), NullLogger.Instance);

        Ds4UnavailableException error = await Should.ThrowAsync<Ds4UnavailableException>(() => lease.FindAsync("demo", default, TimesUp).AsTask());

        (error.Reason, error.InnerException).ShouldBe((Ds4UnavailableReason.StartFailed, obstacle));
        error.Problem.ShouldContain(obstacle.Message);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_planned_return_asks_the_watchdog_to_wait()
    {
        Answer(ReadyAsync);
        await FindAsync();
        _lease.LingerOnDispose(TimeSpan.FromSeconds(30));

        await _lease.DisposeAsync();

        await UntilAsync(() => _closed == 1);
        _received.OfType<Linger>().ShouldBe([new Linger(30)]);
    }

    [Theory(Timeout = 20_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_download_is_asked_for_once_when_there_is_somebody_to_ask(bool consent)
    {
        Answer((channel, acquire) => acquire.AskBeforeDownload
            ? channel.SendAsync(new Failed(FailureReason.DownloadNeeded, "87 GB must be fetched.", "") { NeededBytes = 87 }, default)
            : ReadyAsync(channel, acquire));
        var asked = new List<long>();
        var preparation = new Preparation(null, (bytes, _) =>
        {
            asked.Add(bytes);
            return ValueTask.FromResult(consent);
        });

        Task<ServerEndpoint> finding = _lease.FindAsync("demo", preparation, TimesUp).AsTask();

        if (consent)
            (await finding).Model.ShouldBe("demo");
        else
            (await Should.ThrowAsync<Ds4UnavailableException>(() => finding)).Reason.ShouldBe(Ds4UnavailableReason.DownloadRefused);
        asked.ShouldBe([87]);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_listener_that_fails_does_not_harm_others()
    {
        Answer(async (channel, acquire) =>
        {
            await channel.SendAsync(new WireProgress(SetupPhase.Loading, "x"), default);
            await ReadyAsync(channel, acquire);
        });
        (await FindAsync(new FailingListener())).Model.ShouldBe("demo");
    }

    [Fact(Timeout = 20_000)]
    public async Task A_step_that_led_to_an_answering_model_is_over_even_when_the_model_answers_no_more()
    {
        Answer(async (channel, acquire) =>
        {
            await channel.SendAsync(new WireProgress(SetupPhase.Downloading, "Weights"), default);
            await ReadyAsync(channel, acquire);
        });
        ServerEndpoint endpoint = await FindAsync();

        _lease.Forget(endpoint);

        _lease.Condition.Step.ShouldNotBeNull().Phase.ShouldBe(Ds4Phase.Waiting);
    }

    [Fact(Timeout = 20_000)]
    public async Task What_people_should_know_is_passed_on_and_a_listener_that_fails_does_no_harm()
    {
        Answer(async (channel, acquire) =>
        {
            await channel.SendAsync(new Notice("The disk is nearly full."), default);
            await ReadyAsync(channel, acquire);
        });
        var noticed = new TaskCompletionSource<string>();
        _lease.Noticed += notice =>
        {
            noticed.SetResult(notice);
            throw new InvalidOperationException("listener");
        };

        (await FindAsync()).Model.ShouldBe("demo");

        (await noticed.Task).ShouldBe("The disk is nearly full.");
    }

    [Fact(Timeout = 20_000)]
    public async Task Garbage_from_a_watchdog_is_like_its_end()
    {
        int acquisitions = 0;
        Answer(async (channel, acquire) =>
        {
            if (Interlocked.Increment(ref acquisitions) == 1)
                await channel.SendAsync(new Stopping(new string('x', WatchdogProtocol.MaximumLineLength + 10)), default);
            else
                await ReadyAsync(channel, acquire);
        });

        (await FindAsync()).Model.ShouldBe("demo");
    }

    private async Task ReadyAsync(WatchdogChannel channel, Acquire acquire) =>
        await channel.SendAsync(new Ready(_folder["s.sock"], acquire.Model, 4096) { DisplayName = "Demo", ServerPid = 1 }, default);

    private void Answer(Func<WatchdogChannel, Acquire, Task> answer) =>
        _watchdog = new FakeWatchdog(_paths.WatchdogSocket, async (channel, _) =>
        {
            await FakeWatchdog.WelcomeAsync(channel);
            while (await channel.ReceiveAsync(CancellationToken.None) is { } message)
            {
                _received.Enqueue(message);
                if (message is Acquire acquire)
                    await answer(channel, acquire);
            }
            Interlocked.Increment(ref _closed);
        });

    private Task<ServerEndpoint> FindAsync(
        IProgress<Ds4Progress>? progress = null, string model = "demo", CancellationToken? cancellationToken = null)
    {
        try
        {
            return _lease.FindAsync(model, new Preparation(progress), cancellationToken ?? TimesUp).AsTask();
        }
        catch (OperationCanceledException error)
        {
            return Task.FromException<ServerEndpoint>(error);
        }
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
            await Task.Delay(5, TimesUp);
    }

    private sealed class FailingListener : IProgress<Ds4Progress>
    {
        public void Report(Ds4Progress value) => throw new InvalidOperationException("listener");
    }

    private sealed class Steps : IProgress<Ds4Progress>
    {
        public ConcurrentQueue<Ds4Progress> Seen { get; } = new();

        public void Report(Ds4Progress value) => Seen.Enqueue(value);

        public Task WaitForAsync(Ds4Phase phase) => UntilAsync(() => Seen.Any(step => step.Phase == phase));
    }
}

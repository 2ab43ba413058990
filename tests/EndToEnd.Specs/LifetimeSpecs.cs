using CliWrap;
using CliWrap.Buffered;
using Ds4Provider;
using EndToEnd.Specs.Processes;
using Microsoft.Extensions.AI;

namespace EndToEnd.Specs;

/// <summary>Whoever is killed, and however: the next request works and nothing is left behind.</summary>
[Collection("processes")]
public sealed class LifetimeSpecs
{
    private const int Limit = 300_000;

    [Fact(Timeout = Limit)]
    public async Task A_killed_agent_takes_server_and_watchdog_with_it_within_the_grace()
    {
        await using StateHome home = new(graceSeconds: 1, TestContext.Current.CancellationToken);
        using AgentRun agent = new(home);
        CommandTask<BufferedCommandResult> run = agent.Ask("Create hello.txt with the text Hello from ds4");
        await home.WaitForAsync(process => process.IsServer);

        ProcessTable.Kill(run.ProcessId);
        await run;

        await home.WaitUntilQuietAsync(TimeSpan.FromSeconds(10));
    }

    [Fact(Timeout = Limit)]
    public async Task An_interrupted_agent_leaves_with_code_130_and_nothing_keeps_running()
    {
        await using StateHome home = new(graceSeconds: 0, TestContext.Current.CancellationToken);
        using AgentRun agent = new(home);
        CommandTask<BufferedCommandResult> run = agent.Ask("Create hello.txt with the text Hello from ds4");
        await home.WaitForAsync(process => process.IsWatchdog);

        ProcessTable.Interrupt(run.ProcessId);
        BufferedCommandResult result = await run;

        result.ExitCode.ShouldBe(130, result.StandardError);
        // Interrupted between its start and the first connection, the watchdog waits some seconds for whom it does not know to be gone.
        await home.WaitUntilQuietAsync(TimeSpan.FromSeconds(20));
    }

    [Fact(Timeout = Limit)]
    public async Task A_killed_server_is_started_again_for_the_next_request()
    {
        await using StateHome home = new(graceSeconds: 1, TestContext.Current.CancellationToken);
        using IDisposable entered = home.Enter();
        await using Ds4Runtime ds4 = await Ds4Runtime.StartAsync(Ds4Model.DemoId, cancellationToken: TestContext.Current.CancellationToken);
        using IChatClient chat = ds4.CreateChatClient();
        string before = await AnswerAsync(chat);
        int killed = await home.WaitForAsync(process => process.IsServer);

        ProcessTable.Kill(killed);
        string after = await AnswerAsync(chat);

        after.ShouldBe(before);
        (await home.WaitForAsync(process => process.IsServer)).ShouldNotBe(killed);
    }

    [Fact(Timeout = Limit)]
    public async Task A_killed_watchdog_takes_the_server_with_it_and_the_next_request_starts_both_again()
    {
        await using StateHome home = new(graceSeconds: 1, TestContext.Current.CancellationToken);
        using IDisposable entered = home.Enter();
        await using Ds4Runtime ds4 = await Ds4Runtime.StartAsync(Ds4Model.DemoId, cancellationToken: TestContext.Current.CancellationToken);
        using IChatClient chat = ds4.CreateChatClient();
        string before = await AnswerAsync(chat);

        ProcessTable.Kill(await home.WaitForAsync(process => process.IsWatchdog));
        await home.WaitUntilQuietAsync(TimeSpan.FromSeconds(10));
        string after = await AnswerAsync(chat);

        after.ShouldBe(before);
    }

    private static async Task<string> AnswerAsync(IChatClient chat)
    {
        ChatResponse response = await chat.GetResponseAsync(
            "hello", new ChatOptions { Reasoning = new ReasoningOptions { Effort = ReasoningEffort.None } }, TestContext.Current.CancellationToken);
        response.Text.ShouldNotBeNullOrWhiteSpace();
        return response.Text;
    }
}

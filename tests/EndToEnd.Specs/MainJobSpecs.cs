using CliWrap.Buffered;
using EndToEnd.Specs.Processes;

namespace EndToEnd.Specs;

/// <summary>The main job: agent binary → plugin → watchdog → server → engine → demo model → tool → answer.</summary>
[Collection("processes")]
public sealed class MainJobSpecs
{
    private const int Limit = 300_000;

    [Fact(Timeout = Limit)]
    public async Task The_agent_writes_a_file_with_a_tool_call_of_the_demo_model_and_nothing_keeps_running()
    {
        await using StateHome home = new(graceSeconds: 1, TestContext.Current.CancellationToken);
        using AgentRun agent = new(home);

        BufferedCommandResult result = await agent.Ask("Create hello.txt with the text Hello from ds4");

        result.ExitCode.ShouldBe(0, result.StandardError);
        File.ReadAllText(agent.PathOf("hello.txt")).Trim().ShouldBe("Hello from ds4");
        result.StandardOutput.ShouldContain("hello.txt");
        result.StandardError.ShouldContain("write");
        await home.WaitUntilQuietAsync(TimeSpan.FromSeconds(15));
    }

    [Fact(Timeout = Limit)]
    public async Task The_demo_model_copies_names_it_was_never_taught()
    {
        await using StateHome home = new(graceSeconds: 1, TestContext.Current.CancellationToken);
        using AgentRun agent = new(home);

        BufferedCommandResult result = await agent.Ask("Create quokka.txt with the text wombats are great");

        result.ExitCode.ShouldBe(0, result.StandardError);
        File.Exists(agent.PathOf("quokka.txt")).ShouldBeTrue(result.StandardError);
    }

    [Fact(Timeout = Limit)]
    public async Task Two_agents_at_once_share_one_server()
    {
        await using StateHome home = new(graceSeconds: 2, TestContext.Current.CancellationToken);
        using AgentRun first = new(home);
        using AgentRun second = new(home);
        HashSet<int> servers = [];
        using CancellationTokenSource watching = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task watch = WatchServersAsync(home, servers, watching.Token);

        BufferedCommandResult[] results = await Task.WhenAll(
            first.Ask("Create hello.txt with the text Hello from ds4").Task,
            second.Ask("Create notes.txt with the text Hello from ds4").Task);
        await watching.CancelAsync();
        await watch;

        results.ShouldAllBe(result => result.ExitCode == 0);
        File.Exists(first.PathOf("hello.txt")).ShouldBeTrue(results[0].StandardError);
        File.Exists(second.PathOf("notes.txt")).ShouldBeTrue(results[1].StandardError);
        servers.Count.ShouldBe(1);
    }

    private static async Task WatchServersAsync(StateHome home, HashSet<int> servers, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            servers.UnionWith(ProcessTable.Of(home.Path).Where(process => process.IsServer).Select(process => process.Pid));
            await Task.Delay(50, CancellationToken.None);
        }
    }
}

using CliWrap.Buffered;
using Ds4Provider;
using EndToEnd.Specs.Processes;
using Microsoft.Extensions.AI;

namespace EndToEnd.Specs;

/// <summary>What the demo model was taught beyond one call, with words that its training never showed.</summary>
[Collection("processes")]
public sealed class DemoSkillSpecs
{
    private const int Limit = 300_000;

    [Fact(Timeout = Limit)]
    public async Task The_agent_edits_a_file_on_disk_after_reading_it()
    {
        await using StateHome home = new(graceSeconds: 1, TestContext.Current.CancellationToken);
        using AgentRun agent = new(home);
        await File.WriteAllTextAsync(agent.PathOf("saddle.txt"), "I like the tulip\n", TestContext.Current.CancellationToken);

        BufferedCommandResult result = await agent.Ask("Change tulip to rose in saddle.txt");

        result.ExitCode.ShouldBe(0, result.StandardError);
        File.ReadAllText(agent.PathOf("saddle.txt")).ShouldBe("I like the rose\n", result.StandardError);
        result.StandardError.IndexOf("edit saddle.txt", StringComparison.Ordinal)
            .ShouldBeGreaterThan(result.StandardError.IndexOf("read saddle.txt", StringComparison.Ordinal), result.StandardError);
        result.StandardOutput.Trim().ShouldBe("I edited saddle.txt.");
    }

    [Fact(Timeout = Limit)]
    public async Task The_agent_reads_two_files_and_answers_with_the_text_of_each()
    {
        await using StateHome home = new(graceSeconds: 1, TestContext.Current.CancellationToken);
        using AgentRun agent = new(home);
        await File.WriteAllTextAsync(agent.PathOf("nectar.txt"), "sweet\n", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(agent.PathOf("pebble.txt"), "small and round\n", TestContext.Current.CancellationToken);

        BufferedCommandResult result = await agent.Ask("Read nectar.txt and pebble.txt");

        result.ExitCode.ShouldBe(0, result.StandardError);
        result.StandardOutput.Trim().ShouldBe("nectar.txt says:\n\nsweet\n\npebble.txt says:\n\nsmall and round", result.StandardError);
    }

    [Fact(Timeout = Limit)]
    public async Task One_reply_carries_text_and_two_parallel_calls()
    {
        await using StateHome home = new(graceSeconds: 1, TestContext.Current.CancellationToken);
        using IDisposable entered = home.Enter();
        await using Ds4Runtime ds4 = await Ds4Runtime.StartAsync(Ds4Model.DemoId, cancellationToken: TestContext.Current.CancellationToken);
        using IChatClient chat = ds4.CreateChatClient();

        ChatResponse response = await chat.GetResponseAsync(
            [new(ChatRole.System, AgentPrompt.System), new(ChatRole.User, "Read nectar.txt and pebble.txt")],
            new ChatOptions { Tools = [.. AgentPrompt.Tools] }, TestContext.Current.CancellationToken);

        FunctionCallContent[] calls = [.. response.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>()];
        response.Text.Trim().ShouldBe("I read nectar.txt and pebble.txt.");
        calls.Select(call => (call.Name, call.Arguments?["path"]?.ToString())).ShouldBe([("read", "nectar.txt"), ("read", "pebble.txt")]);
        calls.Select(call => call.CallId).ShouldBeUnique();
        response.FinishReason.ShouldBe(ChatFinishReason.ToolCalls);
    }
}

using System.Diagnostics;
using Agent.Specs.Support;

namespace Agent.Specs.Modes;

/// <summary>Whole runs of the agent, with standard output and error in pipes.</summary>
public sealed class PrintModeSpecs : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact(Timeout = 90_000)]
    public async Task The_answer_goes_to_standard_output_and_everything_else_to_standard_error()
    {
        AgentRun run = await RunAsync(
            "-m", "test/script", "-p",
            """
            think secret thoughts;;say I write.;;call write {"path":"a.txt","content":"ä\n"};;call bash {"command":"cat nothing"}
            say All done.\nReally.
            """);

        run.Output.ShouldBe("All done.\nReally.\n");
        run.Error.ShouldContain("I write.");
        run.Error.ShouldContain("> write a.txt (1 line)");
        run.Error.ShouldContain("✓ write a.txt (1 line)  3 bytes");
        run.Error.ShouldContain("✗ $ cat nothing  exit code 1");
        run.Error.ShouldNotContain("secret");
        run.Error.ShouldNotContain("\e");
        run.ExitCode.ShouldBe(0);
        File.ReadAllText(folder["a.txt"]).ShouldBe("ä\n");
    }

    [Fact(Timeout = 90_000)]
    public async Task A_model_that_does_not_fit_ends_with_why_and_how_to_try_the_demo()
    {
        AgentRun run = await RunAsync("-p", "say x");

        run.Output.ShouldBeEmpty();
        run.Error.ShouldContain("test/large: The model needs 90.0 GB of memory; this machine has 16.0 GB.\nUse a machine with at least 96 GB.\nLog: ");
        run.Error.ShouldContain("To try the demo model instead, add: --model test/demo");
        run.ExitCode.ShouldBe(1);
    }

    [Fact(Timeout = 90_000)]
    public async Task A_failed_turn_ends_with_its_error()
    {
        AgentRun run = await RunAsync("-m", "test/demo", "-p", "say I begin;;fail the server is gone");

        run.Output.ShouldBeEmpty();
        run.Error.ShouldContain("Error: test/demo: the server is gone");
        run.ExitCode.ShouldBe(1);
    }

    [Fact(Timeout = 90_000)]
    public async Task A_download_needs_its_flag()
    {
        AgentRun refused = await RunAsync("-m", "test/weights", "-p", "say x");
        refused.Error.ShouldContain("To agree, add: --download");
        refused.ExitCode.ShouldBe(1);

        AgentRun agreed = await RunAsync("-m", "test/weights", "--download", "-p", "say x");
        agreed.Output.ShouldBe("x\n");
        agreed.ExitCode.ShouldBe(0);
    }

    [Fact(Timeout = 90_000)]
    public async Task Options_of_an_extension_are_known_and_others_are_not()
    {
        (await RunAsync("--help")).Output.ShouldContain("--greeting");
        (await RunAsync("--greeting", "Ciao", "-m", "test/demo", "-p", "say x")).ExitCode.ShouldBe(0);
        (await RunAsync("--gretting", "Ciao", "-p", "say x")).ExitCode.ShouldBe(1);
        (await RunAsync("--thinking", "enormous", "-p", "say x")).ExitCode.ShouldBe(1);
    }

    [Fact(Timeout = 90_000)]
    public async Task Models_are_listed_with_the_demo_marked()
    {
        AgentRun run = await RunAsync("--list-models");

        run.Output.ShouldMatch("test/script +A model that plays scripts, 32,768 tokens\n");
        run.Output.ShouldMatch("test/demo +A demo that plays scripts, 8,192 tokens, demo\n");
        run.ExitCode.ShouldBe(0);
    }

    [Fact(Timeout = 90_000)]
    public async Task Without_a_terminal_a_prompt_is_needed()
    {
        AgentRun run = await RunAsync();

        (run.Error + run.Output).ShouldContain("Give a prompt with -p");
        run.ExitCode.ShouldBe(1);
    }

    [Theory(Timeout = 90_000)]
    [InlineData("say I begin;;forever")]
    [InlineData("call bash {\"command\":\"echo $$ > process; sleep 300\"}")]
    public async Task An_interrupt_ends_everything_and_returns_130(string script)
    {
        using Process process = AgentProcess.Start(folder.Path, "-m", "test/script", "-p", script);
        Task<AgentRun> run = AgentProcess.EndAsync(process);
        await Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);

        using (Process kill = Process.Start("kill", ["-INT", process.Id.ToString()]))
            await kill.WaitForExitAsync(TestContext.Current.CancellationToken);

        (await run).ExitCode.ShouldBe(130);
        (await run).Error.ShouldContain("Cancelled.");
        if (File.Exists(folder["process"]))
            Should.Throw<ArgumentException>(() => Process.GetProcessById(int.Parse(File.ReadAllText(folder["process"]))));
    }

    [Fact(Timeout = 90_000)]
    public async Task Long_silence_is_broken_by_what_is_going_on()
    {
        AgentRun run = await RunAsync("-m", "test/script", "-p", "wait 5000;;say x");

        run.Error.ShouldContain("… waiting for the model (");
    }

    private Task<AgentRun> RunAsync(params string[] arguments) => AgentProcess.RunAsync(folder.Path, arguments);
}

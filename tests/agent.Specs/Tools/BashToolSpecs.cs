using System.Diagnostics;
using Agent.Specs.Support;
using AgentHost;

namespace Agent.Specs.Tools;

public sealed class BashToolSpecs : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact(Timeout = 30_000)]
    public async Task Both_streams_are_one_output_in_their_order() =>
        (await BashAsync("echo one; echo two >&2; echo three; printf four")).Text.ShouldBe("one\ntwo\nthree\nfour");

    [Fact(Timeout = 30_000)]
    public async Task No_output_says_so() => (await BashAsync("true")).Text.ShouldBe("(no output)");

    [Theory(Timeout = 30_000)]
    [InlineData("echo x; exit 3", "x\n[exit code 3]")]
    [InlineData("printf x; exit 1", "x\n[exit code 1]")]
    [InlineData("false", "[exit code 1]")]
    [InlineData("nosuchcommand", "bash: line 1: nosuchcommand: command not found\n[exit code 127]")]
    public async Task A_failure_ends_with_its_exit_code(string command, string answer)
    {
        ToolResult result = await BashAsync(command);

        result.Text.ShouldBe(answer);
        result.IsError.ShouldBeTrue();
    }

    [Fact(Timeout = 30_000)]
    public async Task It_runs_in_the_working_directory_and_reads_nothing_from_the_terminal()
    {
        File.WriteAllText(folder["here.txt"], "");

        (await BashAsync("ls; cat; echo end")).Text.ShouldBe("here.txt\nend\n");
    }

    [Fact(Timeout = 30_000)]
    public async Task A_time_limit_keeps_the_output_and_kills_everything_below()
    {
        ToolResult result = await BashAsync("echo begin; (sleep 300 & echo $! > child; wait) | cat", timeout: 1.5);

        result.Text.ShouldBe("begin\n[timed out after 1.5 s]");
        result.IsError.ShouldBeTrue();
        await ShouldBeGoneAsync("child");
    }

    [Fact(Timeout = 30_000)]
    public async Task Cancellation_kills_everything_below()
    {
        using CancellationTokenSource cancellation = new();
        Task<ToolResult> running = new ToolCalls(folder.Path).CallAsync(
            "bash", new { command = "bash -c 'echo $$ > child; sleep 300; true'; true" }, cancellation.Token);
        while (!File.Exists(folder["child"]) || new FileInfo(folder["child"]).Length == 0)
            await Task.Delay(20, TestContext.Current.CancellationToken);

        await cancellation.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(running);
        await ShouldBeGoneAsync("child");
    }

    [Fact(Timeout = 30_000)]
    public async Task A_command_left_in_the_background_does_not_keep_the_call()
    {
        long start = Stopwatch.GetTimestamp();

        ToolResult result = await BashAsync("sleep 20 & echo $! > child; echo started");

        result.Text.ShouldBe("started\n");
        Stopwatch.GetElapsedTime(start).TotalSeconds.ShouldBeLessThan(10);
        using Process left = Process.GetProcessById(int.Parse(File.ReadAllText(folder["child"])));
        left.Kill();
    }

    [Fact(Timeout = 60_000)]
    public async Task Long_output_keeps_its_end_and_a_file_with_all_of_it()
    {
        ToolResult result = await BashAsync("seq 1 5000");

        string[] lines = result.Text.TrimEnd('\n').Split('\n');
        lines[0].ShouldBe("3001");
        lines[^2].ShouldBe("5000");
        lines[^1].ShouldStartWith("[last 2000 lines of 5000; all of them are in ");
        string path = lines[^1].Split(" are in ")[1].TrimEnd(']');
        File.ReadAllLines(path).Length.ShouldBe(5000);
        File.Delete(path);
    }

    [Fact(Timeout = 60_000)]
    public async Task Huge_output_is_cut_at_50_KB_and_counted_in_full()
    {
        ToolResult result = await BashAsync("for i in $(seq 1 3000); do echo $i-äääääääääääääääääääääääääääääääääääääääääääääääääää; done; exit 2");

        System.Text.Encoding.UTF8.GetByteCount(result.Text).ShouldBeInRange(40 * 1024, 51 * 1024 + 200);
        result.Text.ShouldContain(" of 3000; all of them are in ");
        result.Text.ShouldEndWith("]\n[exit code 2]");
        string path = result.Text.Split(" are in ")[1].Split(']')[0];
        File.ReadAllLines(path)[0].ShouldStartWith("1-ä");
        File.Delete(path);
    }

    [Fact(Timeout = 30_000)]
    public async Task Output_is_seen_while_the_command_runs()
    {
        TaskCompletionSource<string> first = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<ToolResult> running = new ToolCalls(folder.Path).CallAsync(
            "bash", new { command = "echo early; while [ ! -e go ]; do sleep 0.05; done" }, TestContext.Current.CancellationToken, new Observer(first));

        (await first.Task).ShouldBe("early\n");
        running.IsCompleted.ShouldBeFalse();
        File.WriteAllText(folder["go"], "");
        (await running).Text.ShouldBe("early\n");
    }

    [Theory(Timeout = 30_000)]
    [InlineData("{}", "Error: command is missing.")]
    [InlineData("""{"command":"true","timeout":-1}""", "Error: timeout must be greater than 0.")]
    [InlineData("""{"command":"true","timeout":"soon"}""", "Error: timeout must be a number.")]
    public async Task Wrong_arguments_are_named(string arguments, string answer) =>
        (await new ToolCalls(folder.Path).CallAsync("bash", arguments, TestContext.Current.CancellationToken)).Text.ShouldBe(answer);

    private Task<ToolResult> BashAsync(string command, double? timeout = null) =>
        new ToolCalls(folder.Path).CallAsync("bash", new { command, timeout }, TestContext.Current.CancellationToken);

    private async Task ShouldBeGoneAsync(string file)
    {
        int process = int.Parse(File.ReadAllText(folder[file]));
        // A killed process may stay as a zombie until its new parent has waited for it.
        for (int i = 0; i < 100 && IsAlive(process); i++)
            await Task.Delay(50, TestContext.Current.CancellationToken);
        IsAlive(process).ShouldBeFalse();
    }

    private static bool IsAlive(int process)
    {
        try
        {
            using Process found = Process.GetProcessById(process);
            return !found.HasExited && !IsZombie(process);
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static bool IsZombie(int process)
    {
        string path = $"/proc/{process}/stat";
        return File.Exists(path) && File.ReadAllText(path).Split(") ")[1][0] == 'Z';
    }

    private sealed class Observer(TaskCompletionSource<string> first) : IProgress<string>
    {
        public void Report(string value) => first.TrySetResult(value);
    }
}

using CliWrap.Buffered;
using EndToEnd.Specs.Processes;

namespace EndToEnd.Specs;

/// <summary>What cannot work says what was wrong, where, and what to do.</summary>
[Collection("processes")]
public sealed class RefusalSpecs
{
    private const int Limit = 120_000;
    private const long SmallestMachineForFlash = 90L << 30;

    [Fact(Timeout = Limit)]
    public async Task Flash_is_refused_on_a_small_machine_with_the_memory_found_and_needed_and_the_demo_as_a_way_out()
    {
        Assert.SkipUnless(Memory() < SmallestMachineForFlash, "This machine can hold Flash.");
        await using StateHome home = new(graceSeconds: 0, TestContext.Current.CancellationToken);
        using AgentRun agent = new(home);

        BufferedCommandResult result = await agent.Start("-p", "hello");

        result.ExitCode.ShouldBe(1);
        result.StandardError.ShouldContain("GiB");
        result.StandardError.ShouldContain("ds4/demo");
        Directory.EnumerateFileSystemEntries(Path.Combine(home.Path, "models")).Select(Path.GetFileName).ShouldBeSubsetOf(["CACHEDIR.TAG"], "nothing was fetched");
        Directory.EnumerateFileSystemEntries(Path.Combine(home.Path, "engine")).ShouldAllBe(entry => File.Exists(Path.Combine(entry, "libds4.so")));
    }

    [Fact(Timeout = Limit)]
    public async Task A_state_directory_that_cannot_be_one_is_named()
    {
        await using StateHome home = new(graceSeconds: 0, TestContext.Current.CancellationToken);
        using AgentRun agent = new(home);
        string file = agent.PathOf("not-a-directory");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);

        BufferedCommandResult result = await agent.WithHome(file).Ask("hello");

        result.ExitCode.ShouldBe(1);
        result.StandardError.ShouldContain(file);
        result.StandardError.ShouldContain("DS4_HOME");
    }

    [Fact(Timeout = Limit)]
    public async Task A_model_that_does_not_exist_is_answered_with_those_that_do()
    {
        await using StateHome home = new(graceSeconds: 0, TestContext.Current.CancellationToken);
        using AgentRun agent = new(home);

        BufferedCommandResult result = await agent.Start("--model", "ds4/nothing", "-p", "hello");

        result.ExitCode.ShouldNotBe(0);
        result.StandardError.ShouldContain("ds4/nothing");
        result.StandardError.ShouldContain("ds4/deepseek-v4-flash");
    }

    private static long Memory()
    {
        string line = File.ReadLines("/proc/meminfo").First(entry => entry.StartsWith("MemTotal:", StringComparison.Ordinal));
        string kibibytes = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        return long.Parse(kibibytes, System.Globalization.CultureInfo.InvariantCulture) << 10;
    }
}

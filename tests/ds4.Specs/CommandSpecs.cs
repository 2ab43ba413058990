using static Ds4Provider.Cli.Specs.CommandLine;

namespace Ds4Provider.Cli.Specs;

public sealed class CommandSpecs
{
    [Fact(Timeout = Limit)]
    public async Task Help_shows_what_people_type_and_hides_what_programs_start()
    {
        await using var ds4 = new CommandLine();

        (int exitCode, string output, _) = await ds4.RunAsync("--help");

        exitCode.ShouldBe(0);
        foreach (string command in (string[])["serve", "status", "stop", "logs"])
            output.ShouldContain($"\n  {command}");
        output.ShouldNotContain("\n  watchdog");
        output.ShouldNotContain("\n  server");
    }

    [Theory(Timeout = Limit)]
    [InlineData("sing")]
    [InlineData("serve", "--port", "many")]
    [InlineData("logs", "--lines", "0")]
    public async Task A_wrong_command_line_is_exit_code_2(params string[] arguments)
    {
        await using var ds4 = new CommandLine();

        (int exitCode, _, string errors) = await ds4.RunAsync(arguments);

        exitCode.ShouldBe(2);
        errors.ShouldNotBeEmpty();
    }

    [Fact(Timeout = Limit)]
    public async Task Status_of_nothing_is_exit_code_3_and_leaves_no_trace()
    {
        await using var ds4 = new CommandLine();

        (int exitCode, string output, _) = await ds4.RunAsync("status");

        exitCode.ShouldBe(3);
        output.ShouldStartWith("ds4 does not run.");
        Directory.Exists(ds4.Home).ShouldBeFalse();
    }

    [Fact(Timeout = Limit)]
    public async Task A_watchdog_shows_in_status_stops_when_told_and_leaves_a_log()
    {
        await using var ds4 = new CommandLine { Grace = "50" };
        ds4.Start("watchdog");
        (int ExitCode, string Output, string Errors) status;
        do
            status = await ds4.RunAsync("status");
        while (status.ExitCode != 0);

        status.Output.ShouldContain("model     none");
        status.Output.ShouldContain("lease     none");
        (await ds4.RunAsync("stop")).Output.ShouldBe("ds4 has stopped.\n");
        (await ds4.RunAsync("status")).ExitCode.ShouldBe(3);
        (await ds4.RunAsync("stop")).ShouldBe((0, "ds4 does not run.\n", ""));
        (await ds4.RunAsync("logs")).Output.ShouldContain("The watchdog has stopped");
    }

    [Fact(Timeout = Limit)]
    public async Task A_grace_that_is_no_number_is_refused_in_clear_words()
    {
        await using var ds4 = new CommandLine { Grace = "soon" };

        (int exitCode, _, string errors) = await ds4.RunAsync("watchdog");

        exitCode.ShouldBe(1);
        errors.ShouldBe("ds4: DS4_GRACE is \"soon\"; it must be a number of seconds from 0 to 86400.\n");
    }

    [Theory(Timeout = Limit)]
    [InlineData("watchdog")]
    [InlineData("serve")]
    public async Task A_state_directory_that_cannot_be_made_is_named(string command)
    {
        await using var ds4 = new CommandLine();
        await File.WriteAllTextAsync(ds4.Home, "a file", TimesUp);

        (int exitCode, _, string errors) = await ds4.RunAsync(command);

        exitCode.ShouldBe(1);
        errors.ShouldContain($"The directory {ds4.Home} cannot be created");
        errors.ShouldNotContain("   at ", Case.Sensitive, "a stack trace is no explanation");
    }
}

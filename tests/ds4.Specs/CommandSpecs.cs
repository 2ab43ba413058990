using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using static Ds4Provider.Cli.Specs.CommandLine;

namespace Ds4Provider.Cli.Specs;

public sealed class CommandSpecs
{
    /// <summary>A Makefile of an engine that passes the self-test by knowing the answer; more can be added.</summary>
    private const string Engine =
        "LIBRARY := $(if $(filter Darwin,$(shell uname -s)),libds4.dylib,libds4.so)\n" +
        "all:\n" +
        "\techo nothing > $(BUILD)/$(LIBRARY)\n" +
        "\tprintf '#!/bin/sh\\nwhile [ \"$$1\" != --out ]; do shift; done\\nprintf 1234 > \"$$2\"\\n' > $(BUILD)/ds4-logits; chmod +x $(BUILD)/ds4-logits\n";

    [Fact(Timeout = Limit)]
    public async Task Help_shows_what_people_type_and_hides_what_programs_start()
    {
        await using var ds4 = new CommandLine();

        (int exitCode, string output, _) = await ds4.RunAsync("--help");

        exitCode.ShouldBe(0);
        foreach (string command in (string[])["serve", "status", "stop", "logs", "models", "purge", "doctor", "bench"])
            output.ShouldContain($"\n  {command}");
        output.ShouldNotContain("\n  watchdog");
        output.ShouldNotContain("\n  server");
    }

    [Theory(Timeout = Limit)]
    [InlineData("sing")]
    [InlineData("serve", "--port", "many")]
    [InlineData("serve", "--port", "70000")]
    [InlineData("serve", "--host", "example.com")]
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

    [Theory(Timeout = Limit)]
    [InlineData("status")]
    [InlineData("stop")]
    [InlineData("models", "list")]
    [InlineData("models", "rm", "q4")]
    [InlineData("purge")]
    public async Task Json_answers_are_json_and_nothing_else(params string[] arguments)
    {
        await using var ds4 = new CommandLine();

        (_, string output, string errors) = await ds4.RunAsync([.. arguments, "--json"]);

        errors.ShouldBeEmpty();
        foreach (string line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            JsonDocument.Parse(line).Dispose();
        output.ShouldNotBeEmpty();
    }

    [Fact(Timeout = Limit)]
    public async Task Models_are_listed_with_what_is_there_and_removed()
    {
        await using var ds4 = new CommandLine();
        string models = Path.Combine(ds4.Home, "models");
        Directory.CreateDirectory(models);
        (_, string json, _) = await ds4.RunAsync("models", "list", "--json");
        JsonNode variant = JsonNode.Parse(json)!.AsArray().First(one => (string)one!["variant"]! == "q4-imatrix")!;
        string file = Path.Combine(models, (string)variant["file"]!);
        await using (FileStream sparse = File.Create(file))
            sparse.SetLength((long)variant["bytes"]!);

        string line = (await ds4.RunAsync("models", "list")).Output.Split('\n').Single(one => one.StartsWith("q4-imatrix", StringComparison.Ordinal));
        line.ShouldContain("164.6 GB");
        line.ShouldContain("complete");
        (await ds4.RunAsync("models", "rm", "q4-imatrix")).Output.ShouldBe("164.6 GB of q4-imatrix were removed.\n");
        File.Exists(file).ShouldBeFalse();
        (await ds4.RunAsync("models", "rm", "q9")).ExitCode.ShouldBe(2);
    }

    [Fact(Timeout = Limit)]
    public async Task Purge_removes_what_is_kept_of_conversations_after_it_was_agreed_and_while_nothing_runs()
    {
        await using var ds4 = new CommandLine { Grace = "50" };
        string state = Path.Combine(ds4.Home, "checkpoints", "model", "a.state");
        Directory.CreateDirectory(Path.GetDirectoryName(state)!);
        await File.WriteAllTextAsync(state, new string('x', 1_500_000), TimesUp);

        (int exitCode, _, string errors) = await ds4.RunAsync("purge");
        exitCode.ShouldBe(1);
        errors.ShouldContain("add --yes");
        ds4.Start("watchdog");
        while ((await ds4.RunAsync("status")).ExitCode != 0)
            await Task.Delay(50, TimesUp);
        (exitCode, _, errors) = await ds4.RunAsync("purge", "--yes");
        exitCode.ShouldBe(1);
        errors.ShouldContain("`ds4 stop` first");
        File.Exists(state).ShouldBeTrue();

        await ds4.RunAsync("stop");
        (await ds4.RunAsync("purge", "--yes")).Output.ShouldBe("1.5 MB were removed.\n");
        Directory.EnumerateFileSystemEntries(Path.Combine(ds4.Home, "checkpoints")).ShouldBeEmpty();
        (await ds4.RunAsync("purge")).Output.ShouldBe("Nothing is kept of any conversation.\n");
    }

    [Fact(Timeout = Limit)]
    public async Task Doctor_names_what_is_broken_and_what_to_do_and_fails()
    {
        await using var ds4 = new CommandLine();
        ds4.InstallWithMakefile("all:\n\t@echo 'forward.c: broken' >&2; exit 1\n");

        (int exitCode, string output, _) = await ds4.RunAsync("doctor");

        exitCode.ShouldBe(1);
        output.ShouldContain($"ok   directory  {ds4.Home}");
        output.ShouldContain("bad  engine     The engine does not compile");
        output.ShouldContain($"Log: {ds4.Home}/logs/build.log");
        output.ShouldContain("running    nothing");
        output.ShouldNotContain("\x1b", customMessage: "no colours where nobody sees them");
    }

    [Fact(Timeout = Limit)]
    public async Task Doctor_answers_programs_too()
    {
        await using var ds4 = new CommandLine();
        ds4.InstallWithMakefile("all:\n\t@exit 1\n");

        (_, string output, _) = await ds4.RunAsync("doctor", "--json");

        JsonNode[] findings = [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
        findings.Select(finding => (string)finding["subject"]!).ShouldBe(
            ["platform", "directory", "processor", "memory", "model", "weights", "hub", "crashes", "compiler", "engine", "running"]);
        findings.Single(finding => (string)finding["subject"]! == "engine")["grade"]!.GetValue<string>().ShouldBe("bad");
    }

    [Fact(Timeout = Limit)]
    public async Task Doctor_says_that_an_engine_has_no_GPU_to_try()
    {
        await using var ds4 = new CommandLine();
        ds4.InstallWithMakefile(Engine);

        (_, string output, _) = await ds4.RunAsync("doctor");

        output.ShouldContain("ok   engine     built and tested");
        output.ShouldContain("ok   metal      this engine has no Metal backend");
    }

    [Fact(Timeout = Limit)]
    public async Task Doctor_tries_the_GPU_and_says_where_the_report_is_and_what_to_do_with_it()
    {
        await using var ds4 = new CommandLine();
        ds4.InstallWithMakefile(Engine + "\tprintf '#!/bin/sh\\necho GPU: a dummy\\necho numbers > \"$$4\"\\necho Stage attend is wrong.\\nexit 1\\n' > $(BUILD)/ds4-check-metal; chmod +x $(BUILD)/ds4-check-metal\n");
        string logs = Path.Combine(ds4.Home, "logs");

        (int exitCode, string output, _) = await ds4.RunAsync("doctor");
        (_, string lines, _) = await ds4.RunAsync("doctor", "--json");

        exitCode.ShouldBe(1);
        output.ShouldContain("bad  metal      Stage attend is wrong.");
        output.ShouldContain($"Send {logs}/metal-check.txt and {logs}/metal-stage.record to the authors of ds4");
        JsonNode finding = lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!).Single(line => (string)line["subject"]! == "metal");
        ((string)finding["grade"]!).ShouldBe("bad");
        ((string)finding["nextStep"]!).ShouldContain("metal-check.txt");
        (await File.ReadAllTextAsync(Path.Combine(logs, "metal-check.txt"), TimesUp)).ShouldContain("GPU: a dummy");
    }

    [Fact(Timeout = Limit)]
    public async Task Logs_are_followed_line_by_line_until_interrupted()
    {
        await using var ds4 = new CommandLine();
        string log = Path.Combine(ds4.Home, "logs", "server.log");
        Directory.CreateDirectory(Path.GetDirectoryName(log)!);
        await File.WriteAllTextAsync(log, "one\ntwo\n", TimesUp);
        Process follow = ds4.Start("logs", "-f", "-n", "1");
        (await follow.StandardOutput.ReadLineAsync(TimesUp)).ShouldBe($"==> {log}");
        (await follow.StandardOutput.ReadLineAsync(TimesUp)).ShouldBe("two");

        await File.AppendAllTextAsync(log, "thr", TimesUp);
        await File.AppendAllTextAsync(log, "ee\n", TimesUp);

        (await follow.StandardOutput.ReadLineAsync(TimesUp)).ShouldBe("three");
        using (Process interrupt = Process.Start("/bin/kill", ["-INT", $"{follow.Id}"]))
            await interrupt.WaitForExitAsync(TimesUp);
        await follow.WaitForExitAsync(TimesUp);
        follow.ExitCode.ShouldBe(0);
    }
}

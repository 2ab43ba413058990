using System.Diagnostics;
using System.Net.Sockets;
using Ds4Provider.Wire.Watchdog;
using static Ds4Provider.Cli.Specs.CommandLine;

namespace Ds4Provider.Cli.Specs;

/// <summary><c>ds4 serve</c> as far as it goes without a real engine; the rest is specified end to end.</summary>
public sealed class ServeSpecs
{
    [Fact(Timeout = Limit)]
    public async Task An_unknown_model_is_refused()
    {
        await using var ds4 = new CommandLine();

        (int exitCode, _, string errors) = await ds4.RunAsync("serve", "gpt-9");

        exitCode.ShouldBe(1);
        errors.ShouldContain("There is no model gpt-9.");
        errors.ShouldContain("deepseek-v4-flash or demo");
        await ds4.UntilOverAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task A_watchdog_that_ends_before_it_answers_is_followed_by_the_next_one()
    {
        await using var ds4 = new CommandLine();
        string socket = ds4.PrepareSocket();
        using var ending = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        ending.Bind(new UnixDomainSocketEndPoint(socket));
        ending.Listen();
        Task<(int ExitCode, string Output, string Errors)> serve = ds4.RunAsync("serve", "gpt-9");

        await using (var channel = new WatchdogChannel(new NetworkStream(await ending.AcceptAsync(TimesUp), ownsSocket: true)))
        {
            (await channel.ReceiveAsync(TimesUp)).ShouldBeOfType<Hello>();
            File.Delete(socket);
            ending.Dispose();
            await channel.SendAsync(new Welcome(WatchdogProtocol.Version, "0.0.1"), TimesUp);
        }

        (await serve).Errors.ShouldContain("There is no model gpt-9.", customMessage: "only a watchdog that runs knows the models");
        await ds4.UntilOverAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task Watchdog_starts_through_dotnet_as_well()
    {
        await using var ds4 = new CommandLine { ThroughDotnet = true };

        (int exitCode, _, string errors) = await ds4.RunAsync("serve", "gpt-9");

        exitCode.ShouldBe(1);
        errors.ShouldContain("There is no model gpt-9.", customMessage: "only a watchdog that runs knows the models");
        await ds4.UntilOverAsync();
    }

    [Theory]
    [InlineData("native/Makefile")]
    [InlineData("native/include/ds4.h")]
    [InlineData("models/ds4-demo.gguf")]
    [InlineData("selftest/selftest.ids")]
    [InlineData("selftest/selftest.positions")]
    [InlineData("selftest/selftest.f32")]
    public void What_the_setup_needs_lies_beside_the_executable(string file) =>
        File.Exists(Path.Combine(AppContext.BaseDirectory, file)).ShouldBeTrue();

    [Fact(Timeout = Limit)]
    public async Task An_engine_that_does_not_compile_is_shown_with_its_log()
    {
        await using var ds4 = new CommandLine();
        ds4.InstallWithMakefile("all:\n\t@echo 'forward.c: broken' >&2; exit 1\n");

        (int exitCode, string output, string errors) = await ds4.RunAsync("serve", "ds4/demo");

        exitCode.ShouldBe(1);
        output.ShouldBeEmpty("standard output is for the address alone");
        errors.ShouldContain("forward.c: broken");
        errors.ShouldContain($"Log: {ds4.Home}/logs/build.log");
        await ds4.UntilOverAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task A_server_that_cannot_load_the_engine_says_so()
    {
        await using var ds4 = new CommandLine();
        // An engine that passes the self-test by copying the answer, and is no library at all.
        ds4.InstallWithMakefile(
            """
            LIBRARY := $(if $(filter Darwin,$(shell uname -s)),libds4.dylib,libds4.so)
            all:
            	echo nothing > $(BUILD)/$(LIBRARY)
            	printf '#!/bin/sh\nwhile [ "$$1" != --out ]; do shift; done\nprintf 1234 > "$$2"\n' > $(BUILD)/ds4-logits
            	chmod +x $(BUILD)/ds4-logits

            """);

        (int exitCode, _, string errors) = await ds4.RunAsync("serve", "demo");

        exitCode.ShouldBe(1);
        errors.ShouldContain("libds4");
        errors.ShouldContain($"Log: {ds4.Home}/logs/server.log");
        await ds4.UntilOverAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task Ctrl_C_gives_the_lease_back_and_everything_ends()
    {
        await using var ds4 = new CommandLine();
        ds4.InstallWithMakefile("all:\n\techo $$PPID > $(BUILD)/../make.pid; sleep 600\n");
        Process serve = ds4.Start("serve", "demo");
        string makePid = Path.Combine(ds4.Home, "engine", "make.pid");
        while (!File.Exists(makePid) || (await File.ReadAllTextAsync(makePid, TimesUp)).Length == 0)
            await Task.Delay(20, TimesUp);
        (await ds4.RunAsync("status")).Output.ShouldContain($"lease     ds4 serve, process {serve.Id}, uses demo");

        using (Process interrupt = Process.Start("/bin/kill", ["-INT", $"{serve.Id}"]))
            await interrupt.WaitForExitAsync(TimesUp);
        await serve.WaitForExitAsync(TimesUp);

        serve.ExitCode.ShouldBe(0);
        (await serve.StandardError.ReadToEndAsync(TimesUp)).ShouldContain("The lease is given back");
        await ds4.UntilOverAsync();
        int make = int.Parse(await File.ReadAllTextAsync(makePid, TimesUp), System.Globalization.CultureInfo.InvariantCulture);
        while (IsRunning(make))
            await Task.Delay(20, TimesUp);
    }

    /// <summary>A killed process whose parent is gone stays in the table until init has reaped it.</summary>
    private static bool IsRunning(int pid)
    {
        if (!OperatingSystem.IsLinux())
            return Process.GetProcesses().Any(process => process.Id == pid);
        try
        {
            // The state is the first field after the name, which may hold anything but ends at the last parenthesis.
            string stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[stat.LastIndexOf(')') + 2] != 'Z';
        }
        catch (IOException)
        {
            return false;
        }
    }
}

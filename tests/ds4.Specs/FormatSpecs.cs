using Ds4Provider.Cli.Output;
using Ds4Provider.Cli.Commands;
using Ds4Provider.Wire.Server;
using Ds4Provider.Wire.Watchdog;
using Microsoft.Extensions.Time.Testing;

namespace Ds4Provider.Cli.Specs;

public sealed class FormatSpecs
{
    [Fact]
    public void Status_is_a_few_plain_lines()
    {
        var status = new Status("1.0.0", 10, [new LeaseStatus("agent", 11, "demo")])
        {
            Model = "demo",
            Phase = SetupPhase.Ready,
            ServerPid = 12,
            ComputesOn = "cpu, avx2",
            Restarts = 2,
            Waiting = [new LeaseStatus("ds4 serve", 13, "deepseek-v4-flash")],
        };

        StatusCommand.Format(status).ShouldBe(
            """
            watchdog  1.0.0, process 10
            model     demo, ready, server process 12, restarted 2 times
            computes  on cpu, avx2
            lease     agent, process 11, uses demo
            waits     ds4 serve, process 13, for deepseek-v4-flash

            """);
    }

    [Fact]
    public void Status_tells_what_reuse_saved_once_there_was_work()
    {
        var status = new Status("1.0.0", 10, [])
        {
            Model = "demo", Phase = SetupPhase.Ready, ActiveRequests = 2, Reuse = new ServerReuse(4, 12, 0.934, 318.2) { StoredStates = 9, StoredBytes = 123_456_789 },
        };

        StatusCommand.Format(status).ShouldBe(
            """
            watchdog  1.0.0, process 10
            model     demo, ready
            requests  2 running or waiting, 4 at a time
            reuse     93 % of all prompt tokens, 5 min saved, 12 checkpoints
            disk      9 states of conversations, 123.5 MB
            lease     none: ds4 stops soon

            """);
    }

    [Fact]
    public void Progress_shows_share_and_time_left()
    {
        var progress = new Progress(SetupPhase.Downloading, "Fetching weights") { Done = 25, Total = 100, Unit = "bytes", Remaining = 3661 };

        ProgressPrinter.Format(progress).ShouldBe("Fetching weights 25 % (25/100 bytes), 1:01:01 left");
    }

    [Fact]
    public void The_same_step_is_printed_once_a_second_and_a_new_one_at_once()
    {
        var time = new FakeTimeProvider();
        var output = new StringWriter();
        var printer = new ProgressPrinter(output, time);

        for (int i = 0; i < 30; i++)
        {
            printer.Print(new Progress(SetupPhase.Building, "Compiling") { Done = i, Total = 100, Unit = "files" });
            time.Advance(TimeSpan.FromSeconds(0.1));
        }
        printer.Print(new Progress(SetupPhase.Verifying, "Testing"));

        output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(4);
    }
}

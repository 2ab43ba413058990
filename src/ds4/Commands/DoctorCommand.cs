using System.CommandLine;
using System.Text.Json.Nodes;
using Ds4Provider.Cli.Clients;
using Ds4Provider.Cli.Output;
using Ds4Provider.Cli.Processes;
using Ds4Provider.Watchdog.Hosting;
using Ds4Provider.Watchdog.Setup.Diagnosis;
using Spectre.Console;
using Status = Ds4Provider.Wire.Watchdog.Status;

namespace Ds4Provider.Cli.Commands;

/// <summary><c>ds4 doctor</c>.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        Option<bool> json = JsonOutput.Option();
        var command = new Command("doctor", "Checks everything that a model needs on this machine and says what to do. Exit code 0 when DeepSeek V4 Flash can run, 1 when not.") { json };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(bool json, CancellationToken cancellationToken)
    {
        WatchdogOptions options = WatchdogOptions.FromEnvironment(Environment.GetEnvironmentVariable, Self.Payload, Self.Command("server"), Self.Version);
        Status? status = await WatchdogStatus.ReadAsync(cancellationToken).ConfigureAwait(false);
        var printer = new ProgressPrinter(Console.Error, TimeProvider.System);
        IAnsiConsole console = Terminal.Create();
        bool healthy = true;
        await foreach (Finding finding in new Examination(options, printer.Print).RunAsync(status is not null, cancellationToken).Append(Running(status)).ConfigureAwait(false))
        {
            healthy &= finding.Grade != FindingGrade.Bad;
            if (json)
                JsonOutput.Write(Describe(finding));
            else
                Print(console, finding);
        }
        return healthy ? ExitCode.Done : ExitCode.Failed;
    }

    private static Finding Running(Status? status) => status switch
    {
        null => new Finding("running", FindingGrade.Good, "nothing; programs that need a model start it"),
        { Restarts: > 2 } => new Finding("running", FindingGrade.Note, $"{status.Model}, whose server was restarted {status.Restarts} times") { NextStep = "See `ds4 logs`." },
        _ => new Finding("running", FindingGrade.Good, $"{status.Model ?? "no model"}, {status.Leases.Count} leases"),
    };

    private static void Print(IAnsiConsole console, Finding finding)
    {
        (string mark, Color colour) = finding.Grade switch
        {
            FindingGrade.Good => ("ok", Color.Green),
            FindingGrade.Note => ("note", Color.Yellow),
            _ => ("bad", Color.Red),
        };
        console.Write(new Text($"{mark,-5}", new Style(colour)));
        console.Write(new Text($"{finding.Subject,-10} {finding.Text}\n"));
        if (finding.NextStep is { } next)
            console.Write(new Text($"                {next}\n", new Style(decoration: Decoration.Italic)));
    }

    private static JsonObject Describe(Finding finding) => new()
    {
        ["subject"] = finding.Subject,
        ["grade"] = finding.Grade.ToString().ToLowerInvariant(),
        ["text"] = finding.Text,
        ["nextStep"] = finding.NextStep,
    };
}

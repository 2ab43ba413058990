using System.CommandLine;
using System.Text.Json.Nodes;
using Ds4Provider.Cli.Clients;
using Ds4Provider.Cli.Output;

namespace Ds4Provider.Cli.Commands;

/// <summary><c>ds4 logs</c>.</summary>
internal static class LogsCommand
{
    private const int DefaultLines = 20;

    public static Command Create()
    {
        var lines = new Option<int>("--lines", "-n") { Description = "Last lines of each log.", DefaultValueFactory = _ => DefaultLines };
        lines.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
                result.AddError("--lines must be at least 1.");
        });
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with every new line, until Ctrl-C." };
        Option<bool> json = JsonOutput.Option();
        var command = new Command("logs", "Shows where the logs are and how they end.") { lines, follow, json };
        command.SetAction(parsed => RunAsync(parsed.GetValue(lines), parsed.GetValue(follow), new LogPrinter(parsed.GetValue(json))));
        return command;
    }

    private static async Task<int> RunAsync(int lines, bool follow, LogPrinter printer)
    {
        using var interruption = new Interruption();
        string folder = WatchdogAccess.Paths().Logs;
        using var logs = new LogFolder(folder);
        foreach ((string path, IReadOnlyCollection<string> last) in logs.ReadEnds(lines))
            printer.Print(path, last);
        if (!logs.HasAny && !printer.Json)
            Console.WriteLine($"There are no logs in {folder} yet.");
        try
        {
            while (follow)
            {
                await Task.Delay(LogFolder.Interval, interruption.Token).ConfigureAwait(false);
                foreach ((string path, IReadOnlyCollection<string> added) in logs.ReadNew())
                    printer.Print(path, added);
            }
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            // Ctrl-C is how one stops looking.
        }
        return ExitCode.Done;
    }

    /// <summary>Names a log where its lines follow those of another.</summary>
    private sealed class LogPrinter(bool json)
    {
        private string _last = "";

        public bool Json => json;

        public void Print(string path, IReadOnlyCollection<string> lines)
        {
            if (!json && path != _last)
                Console.WriteLine($"{(_last.Length > 0 ? "\n" : "")}==> {path}");
            _last = path;
            foreach (string line in lines)
            {
                if (json)
                    JsonOutput.Write(new JsonObject { ["log"] = path, ["line"] = line });
                else
                    Console.WriteLine(line);
            }
        }
    }
}

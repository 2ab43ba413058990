using System.CommandLine;
using Ds4Provider.Cli.Clients;

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
        var command = new Command("logs", "Shows where the logs are and how they end.") { lines };
        command.SetAction(parsed => Run(parsed.GetValue(lines)));
        return command;
    }

    private static int Run(int lines)
    {
        string folder = WatchdogAccess.Paths().Logs;
        FileInfo[] logs = Directory.Exists(folder)
            ? [.. new DirectoryInfo(folder).EnumerateFiles().Where(file => file.Length > 0).OrderBy(file => file.LastWriteTimeUtc)]
            : [];
        foreach (FileInfo log in logs)
        {
            Console.WriteLine($"==> {log.FullName}");
            foreach (string line in LastLines(log, lines))
                Console.WriteLine(line);
            Console.WriteLine();
        }
        if (logs.Length == 0)
            Console.WriteLine($"There are no logs in {folder} yet.");
        return ExitCode.Done;
    }

    private static Queue<string> LastLines(FileInfo log, int count)
    {
        using var reader = new StreamReader(new FileStream(log.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        var last = new Queue<string>();
        while (reader.ReadLine() is { } line)
        {
            last.Enqueue(line);
            if (last.Count > count)
                last.Dequeue();
        }
        return last;
    }
}

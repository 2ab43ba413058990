using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Ds4Provider.Cli.Clients;
using Ds4Provider.Cli.Output;
using Ds4Provider.Watchdog.Hosting;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Cli.Commands;

/// <summary><c>ds4 purge</c>: what is kept of conversations.</summary>
internal static class PurgeCommand
{
    public static Command Create()
    {
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask." };
        Option<bool> json = JsonOutput.Option();
        var command = new Command("purge", "Removes what is kept of conversations: states and the tokens of replies, from which their text can be reconstructed.") { yes, json };
        command.SetAction(parsed => Run(parsed.GetValue(yes), parsed.GetValue(json)));
        return command;
    }

    private static int Run(bool yes, bool json)
    {
        WatchdogPaths paths = WatchdogAccess.Paths();
        if (!Directory.Exists(paths.Checkpoints))
            return Report(0, json);
        // Whoever holds this lock is the only one who starts a server, which would write.
        using FileLock? alone = FileLock.TryAcquire(paths.WatchdogLock);
        if (alone is null)
        {
            Console.Error.WriteLine("ds4: a model runs and writes there. Nothing was removed; `ds4 stop` first.");
            return ExitCode.Failed;
        }
        var kept = new DirectoryInfo(paths.Checkpoints);
        FileInfo[] files = [.. kept.EnumerateFiles("*", SearchOption.AllDirectories).Where(file => file.Name != BackupExclusion.TagName)];
        long bytes = files.Sum(file => file.Length);
        if (files.Length > 0 && !yes && !Agrees(files.Length, bytes))
            return ExitCode.Failed;
        foreach (DirectoryInfo folder in kept.EnumerateDirectories())
            folder.Delete(recursive: true);
        foreach (FileInfo file in kept.EnumerateFiles())
            file.Delete();
        return Report(bytes, json);
    }

    private static bool Agrees(int files, long bytes)
    {
        if (Console.IsInputRedirected)
        {
            Console.Error.WriteLine($"ds4: {files} files, {Megabytes(bytes)}. Nothing was removed: nobody can be asked here; to agree, add --yes.");
            return false;
        }
        Console.Write($"Remove {files} files, {Megabytes(bytes)}? The next prompt of each conversation is then evaluated from its beginning. [y/N] ");
        return Console.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }

    private static int Report(long bytes, bool json)
    {
        if (json)
            JsonOutput.Write(new JsonObject { ["removedBytes"] = bytes });
        else
            Console.WriteLine(bytes > 0 ? $"{Megabytes(bytes)} were removed." : "Nothing is kept of any conversation.");
        return ExitCode.Done;
    }

    private static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB");
}

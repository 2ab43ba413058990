using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace EndToEnd.Specs.Processes;

/// <summary>A process that runs with a test's state directory.</summary>
internal sealed record ProcessEntry(int Pid, string CommandLine)
{
    public bool IsWatchdog => CommandLine.EndsWith("ds4 watchdog", StringComparison.Ordinal);

    public bool IsServer => CommandLine.EndsWith("ds4 server", StringComparison.Ordinal);
}

/// <summary>Finds and ends the processes of one state directory; no other process is ever looked at or signalled.</summary>
internal static partial class ProcessTable
{
    private const int SigInt = 2;
    private const int SigKill = 9;

    public static IReadOnlyList<ProcessEntry> Of(string stateDirectory)
    {
        List<ProcessEntry> found = [];
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int pid) || pid == Environment.ProcessId)
                continue;
            // A process that ends between the two reads has empty or missing files: it is gone, which is what we ask.
            string environment = Read(Path.Combine(folder, "environ"));
            if (environment.Split('\0').Contains($"DS4_HOME={stateDirectory}"))
                found.Add(new ProcessEntry(pid, Read(Path.Combine(folder, "cmdline")).TrimEnd('\0').Replace('\0', ' ')));
        }
        return found;
    }

    public static void Kill(int pid) => Signal(pid, SigKill);

    public static void Interrupt(int pid) => Signal(pid, SigInt);

    private static string Read(string file)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes(file));
        }
        catch (IOException)
        {
            return "";
        }
        catch (UnauthorizedAccessException)
        {
            return "";
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Signal(int pid, int signal);
}

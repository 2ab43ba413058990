using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace EndToEnd.Specs.Processes;

/// <summary>A process that runs with a test's state directory.</summary>
internal sealed record ProcessEntry(int Pid, string CommandLine)
{
    public bool IsWatchdog => CommandLine.EndsWith("ds4 watchdog", StringComparison.Ordinal);

    public bool IsServer => CommandLine.EndsWith("ds4 server", StringComparison.Ordinal);

    /// <summary>Whether it compiles a file of the engine.</summary>
    public bool IsCompiler => CommandLine.Contains(" -c ", StringComparison.Ordinal) && CommandLine.EndsWith(".c", StringComparison.Ordinal);
}

/// <summary>Finds and ends the processes of one state directory; no other process is ever looked at or signalled.</summary>
internal static partial class ProcessTable
{
    private const int SigInt = 2;
    private const int SigKill = 9;

    // The numbers differ between Linux and macOS.
    private static readonly int SigStop = OperatingSystem.IsMacOS() ? 17 : 19;
    private static readonly int SigCont = OperatingSystem.IsMacOS() ? 19 : 18;

    /// <summary>All processes of this machine but our own.</summary>
    public static IEnumerable<int> Pids()
    {
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int pid) && pid != Environment.ProcessId)
                yield return pid;
        }
    }

    public static IReadOnlyList<ProcessEntry> Of(string stateDirectory) => Of(stateDirectory, []);

    /// <summary>The processes of a state directory.</summary>
    /// <param name="stateDirectory">The state directory.</param>
    /// <param name="strangers">Processes that cannot be of it; those that have ended are taken out, for their numbers come again.</param>
    public static IReadOnlyList<ProcessEntry> Of(string stateDirectory, HashSet<int> strangers)
    {
        HashSet<int> running = [.. Pids()];
        strangers.IntersectWith(running);
        List<ProcessEntry> found = [];
        foreach (int pid in running.Where(pid => !strangers.Contains(pid)))
        {
            // A process that ends between the two reads has empty or missing files: it is gone, which is what we ask.
            string environment = Read($"/proc/{pid}/environ");
            if (environment.Split('\0').Contains($"DS4_HOME={stateDirectory}"))
                found.Add(new ProcessEntry(pid, Read($"/proc/{pid}/cmdline").TrimEnd('\0').Replace('\0', ' ')));
        }
        return found;
    }

    public static void Kill(int pid) => Signal(pid, SigKill);

    public static void Interrupt(int pid) => Signal(pid, SigInt);

    /// <returns>Whether there was such a process.</returns>
    public static bool Suspend(int pid) => Signal(pid, SigStop);

    public static void Resume(int pid) => Signal(pid, SigCont);

    /// <summary>Signals a process and those that share its group; nobody when it has ended, and never our own group.</summary>
    /// <returns>Whether there was somebody.</returns>
    public static bool SignalGroup(int pid, int signal)
    {
        int group = GroupOf(pid);
        return group > 1 && group != GroupOf(Environment.ProcessId) && Signal(-group, signal);
    }

    /// <returns>Whether there was such a process.</returns>
    public static bool Signal(int pid, int signal) => Send(pid, signal) == 0;

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
    private static partial int Send(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "getpgid", SetLastError = true)]
    private static partial int GroupOf(int pid);
}

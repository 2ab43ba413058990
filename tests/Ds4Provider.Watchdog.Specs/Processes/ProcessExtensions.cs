using System.Diagnostics;
using Ds4Provider.Wire.Watchdog;
using static Ds4Provider.Watchdog.Specs.SpecContext;

namespace Ds4Provider.Watchdog.Specs.Processes;

internal static class ProcessExtensions
{
    /// <summary>SIGKILL.</summary>
    public static void Kill(int pid)
    {
        using Process process = Process.GetProcessById(pid);
        process.Kill();
    }

    /// <summary>Whether a process runs; one that only waits to be reaped does not.</summary>
    public static bool IsAlive(int pid)
    {
        string stat = $"/proc/{pid}/stat";
        try
        {
            if (!OperatingSystem.IsLinux())
                return Process.GetProcesses().Any(process => process.Id == pid);
            // The state is the first field after the name, which may hold anything but ends at the last parenthesis.
            string text = File.ReadAllText(stat);
            return text[text.LastIndexOf(')') + 2] != 'Z';
        }
        catch (IOException)
        {
            return false;
        }
    }

    public static Task UntilDeadAsync(int pid) => UntilAsync(() => !IsAlive(pid));

    /// <summary>The next message of a kind; progress before it is passed over.</summary>
    public static async Task<T> NextAsync<T>(this WatchdogConnection connection)
        where T : WatchdogMessage
    {
        WatchdogMessage? message;
        do
            message = await connection.ReceiveAsync(TimesUp);
        while (message is Progress && typeof(T) != typeof(Progress));
        return message.ShouldBeOfType<T>();
    }

    /// <summary>Waits until the progress reaches a phase.</summary>
    public static async Task<Progress> UntilPhaseAsync(this WatchdogConnection connection, SetupPhase phase)
    {
        Progress progress;
        do
            progress = (await connection.ReceiveAsync(TimesUp)).ShouldBeOfType<Progress>();
        while (progress.Phase != phase);
        return progress;
    }

    public static async Task<Status> StatusAsync(this WatchdogConnection connection)
    {
        await connection.TrySendAsync(new StatusRequest(), TimesUp);
        return await connection.NextAsync<Status>();
    }
}

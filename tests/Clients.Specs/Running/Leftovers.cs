using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Clients.Specs.Running;

/// <summary>
/// The processes that a client leaves behind, known by the home that only this run has. Seen where there is /proc.
/// </summary>
internal static class Leftovers
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Waits a little for them to end, then kills them.</summary>
    public static async Task EndAsync(ClientFolder folder)
    {
        long start = Stopwatch.GetTimestamp();
        while (Of(folder) is { Count: > 0 } left)
        {
            if (Stopwatch.GetElapsedTime(start) > Patience)
                left.ForEach(Kill);
            await Task.Delay(20);
        }
    }

    /// <summary>Ids of the processes that have the home of this run.</summary>
    public static List<int> Of(ClientFolder folder)
    {
        List<int> found = [];
        if (!Directory.Exists("/proc"))
            return found;
        foreach (string entry in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(entry), NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
                && EnvironmentOf(entry).Split('\0').Contains($"HOME={folder.Home}"))
            {
                found.Add(pid);
            }
        }
        return found;
    }

    private static string EnvironmentOf(string entry)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes(Path.Combine(entry, "environ")));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            // Ended meanwhile, or somebody else's: neither is ours to end.
            return "";
        }
    }

    private static void Kill(int pid)
    {
        try
        {
            using Process process = Process.GetProcessById(pid);
            process.Kill();
        }
        catch (Exception gone) when (gone is ArgumentException or InvalidOperationException)
        {
            // Ended by itself.
        }
    }
}

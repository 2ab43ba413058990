namespace Ds4Provider.Wire.Watchdog;

/// <summary>
/// How the runtime of the watchdog's process is set: for little memory over weeks in which it does next to nothing. Only
/// variables reach the runtime before it starts, and these settings have no other place. Whoever the watchdog starts must
/// not inherit them: the server is the same executable and has other needs.
/// </summary>
public static class WatchdogRuntime
{
    /// <summary>Variables and their values, in the runtime's own notation: hexadecimal numbers without a prefix.</summary>
    public static IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>
    {
        // Collects after each MiB of new objects. By default the runtime waits for as much as the processor's cache holds,
        // which is tens of MB on a server, and a process that idles keeps all of it as garbage.
        ["DOTNET_GCgen0size"] = "100000",
        // Code is compiled once and not again, optimised, after 30 calls: that second compilation costs memory, a thread
        // that wakes up, and processor time which a process that hands on a few messages never earns back.
        ["DOTNET_TC_CallCounting"] = "0",
    };
}

using Ds4Provider.Watchdog.Posix;

namespace Ds4Provider.Watchdog.Hosting;

/// <summary>What makes an ordinary process a background one.</summary>
public static class BackgroundProcess
{
    private const uint OwnerOnlyMask = 0x3F; // 077

    /// <summary>
    /// Leaves the session of the program that started this process, so that neither its Ctrl-C nor the end of its
    /// terminal reaches it; keeps no directory busy; makes every new file readable by this user only.
    /// </summary>
    public static void Detach()
    {
        // Fails only for a process that already leads its group; then there is nothing to leave.
        _ = Libc.SetSid();
        Directory.SetCurrentDirectory("/");
        _ = Libc.Umask(OwnerOnlyMask);
    }
}

using System.Runtime.InteropServices;

namespace Ds4Provider.Watchdog.Posix;

/// <summary>
/// The few calls of the C library that .NET does not offer. No variadic function is called with its variadic part:
/// on Apple silicon those arguments travel on the stack and would arrive as garbage.
/// </summary>
internal static partial class Libc
{
    /// <summary>SIGTERM.</summary>
    public const int SignalTerminate = 15;

    [LibraryImport("libc", EntryPoint = "setsid", SetLastError = true)]
    public static partial int SetSid();

    [LibraryImport("libc", EntryPoint = "umask")]
    public static partial uint Umask(uint mask);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "sysctlbyname", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SysctlByName(string name, ref long value, ref nuint length, nint newValue, nuint newLength);
}

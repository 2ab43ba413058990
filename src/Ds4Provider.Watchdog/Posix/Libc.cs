using System.Runtime.InteropServices;

namespace Ds4Provider.Watchdog.Posix;

/// <summary>
/// The few calls of the C library that .NET does not offer. No variadic function is called with its variadic part:
/// on Apple silicon those arguments travel on the stack and would arrive as garbage.
/// </summary>
internal static partial class Libc
{
    public const int LockExclusive = 2;
    public const int LockNonBlocking = 4;
    public const int SignalTerminate = 15;
    public const int NoSuchProcess = 3;

    private const int OpenReadWrite = 2;

    private static int CloseOnExec => OperatingSystem.IsMacOS() ? 0x1000000 : 0x80000;

    /// <summary>EWOULDBLOCK: somebody else holds the lock.</summary>
    public static int WouldBlock => OperatingSystem.IsMacOS() ? 35 : 11;

    /// <summary>EINTR.</summary>
    public const int Interrupted = 4;

    /// <summary>Opens an existing file for reading and writing; children do not inherit it.</summary>
    public static int OpenExisting(string path) => Open(path, OpenReadWrite | CloseOnExec);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    public static partial int Flock(int descriptor, int operation);

    [LibraryImport("libc", EntryPoint = "setsid", SetLastError = true)]
    public static partial int SetSid();

    [LibraryImport("libc", EntryPoint = "umask")]
    public static partial uint Umask(uint mask);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "sysctlbyname", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SysctlByName(string name, ref long value, ref nuint length, nint newValue, nuint newLength);
}

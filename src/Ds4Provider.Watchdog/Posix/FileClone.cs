using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Ds4Provider.Watchdog.Posix;

/// <summary>A second name for a file's content that takes no space.</summary>
internal static partial class FileClone
{
    private const nuint LinuxFiClone = 0x40049409;

    /// <summary>
    /// Clones a file where its file system can (then later changes of the original do not reach the copy), and links it
    /// otherwise.
    /// </summary>
    /// <param name="source">The file that is there.</param>
    /// <param name="target">The new name; must not exist.</param>
    /// <returns>Whether it was possible; not across file systems, for example.</returns>
    /// <exception cref="IOException">The target cannot be created.</exception>
    public static bool TryCreate(string source, string target)
    {
        if (OperatingSystem.IsMacOS() ? CloneFile(source, target, 0) == 0 : TryCloneOnLinux(source, target))
            return true;
        return Link(source, target) == 0;
    }

    private static bool TryCloneOnLinux(string source, string target)
    {
        using SafeFileHandle from = File.OpenHandle(source);
        bool cloned;
        using (SafeFileHandle to = File.OpenHandle(target, FileMode.CreateNew, FileAccess.Write))
            cloned = CloneRange(to, LinuxFiClone, from) == 0;
        if (!cloned)
            File.Delete(target);
        return cloned;
    }

    [LibraryImport("libc", EntryPoint = "clonefile", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CloneFile(string source, string target, uint flags);

    // Variadic, but called on Linux only, where its third argument travels like any other.
    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int CloneRange(SafeFileHandle target, nuint request, SafeFileHandle source);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string source, string target);
}

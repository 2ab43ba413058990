using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Ds4Provider.Wire.Files;

/// <summary>Makes the names in a directory survive a power cut; .NET opens files only.</summary>
public static partial class DirectorySync
{
    private const int ReadOnly = 0;

    /// <summary>Waits until the directory's entries are on the disk.</summary>
    /// <param name="directory">Its path.</param>
    /// <exception cref="IOException">The directory cannot be opened.</exception>
    public static void Flush(string directory)
    {
        int descriptor = Open(directory, ReadOnly);
        if (descriptor < 0)
            throw new IOException($"Cannot open {directory}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}.");
        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        RandomAccess.FlushToDisk(handle);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);
}

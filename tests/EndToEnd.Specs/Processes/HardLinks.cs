using System.ComponentModel;
using System.Runtime.InteropServices;

namespace EndToEnd.Specs.Processes;

/// <summary>A second name for every file of a folder: as good as a copy for what is only read, and there at once.</summary>
internal static partial class HardLinks
{
    /// <summary>Makes a folder whose files are those of another one.</summary>
    /// <param name="from">The other one.</param>
    /// <param name="to">The folder.</param>
    /// <param name="isWanted">Asked for every name of a file; null = all.</param>
    public static void Create(string from, string to, Func<string, bool>? isWanted = null)
    {
        Directory.CreateDirectory(to);
        foreach (string folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories))
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)));
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            if (isWanted?.Invoke(Path.GetFileName(file)) == false)
                continue;
            string target = Path.Combine(to, Path.GetRelativePath(from, file));
            if (Link(file, target) != 0)
                throw new IOException($"Cannot link {file} to {target}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}.");
        }
    }

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string from, string to);
}

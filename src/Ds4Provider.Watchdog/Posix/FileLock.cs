using System.Runtime.InteropServices;

namespace Ds4Provider.Watchdog.Posix;

/// <summary>
/// An exclusive <c>flock</c> that the kernel releases when this process ends, however it ends. Taken by our own call:
/// the locks of <see cref="FileStream"/> can be switched off by <c>DOTNET_SYSTEM_IO_DISABLEFILELOCKING</c>.
/// </summary>
internal sealed class FileLock : IDisposable
{
    private int _descriptor;

    private FileLock(int descriptor) => _descriptor = descriptor;

    /// <summary>Takes the lock, or returns <see langword="null"/> when another process holds it.</summary>
    /// <exception cref="IOException">The file cannot be created, opened or locked.</exception>
    public static FileLock? TryTake(string path)
    {
        CreateIfMissing(path);
        int descriptor = Libc.OpenExisting(path);
        if (descriptor < 0)
            throw Error(path, "cannot be opened");
        while (Libc.Flock(descriptor, Libc.LockExclusive | Libc.LockNonBlocking) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            if (error == Libc.Interrupted)
                continue;
            IOException exception = Error(path, "cannot be locked (is it on a network file system?)");
            _ = Libc.Close(descriptor);
            return error == Libc.WouldBlock ? null : throw exception;
        }
        return new FileLock(descriptor);
    }

    /// <summary>Releases the lock. The file stays: removing it would let two processes lock two files of one name.</summary>
    public void Dispose()
    {
        int descriptor = Interlocked.Exchange(ref _descriptor, -1);
        if (descriptor >= 0)
            _ = Libc.Close(descriptor);
    }

    private static void CreateIfMissing(string path)
    {
        if (File.Exists(path))
            return;
        try
        {
            new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete).Dispose();
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process created it between the check and the call: that is the file to lock.
        }
    }

    private static IOException Error(string path, string what) =>
        new($"The lock file {path} {what}: {Marshal.GetLastPInvokeErrorMessage()}.");
}

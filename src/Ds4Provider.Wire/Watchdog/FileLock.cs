using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Ds4Provider.Wire.Watchdog;

/// <summary>
/// An exclusive <c>flock</c> on a file, held until disposal or the end of the process, however that comes.
/// The kernel holds it: it has no age and cannot be left behind.
/// </summary>
/// <remarks>
/// Not a <see cref="FileStream"/> with <see cref="FileShare.None"/>: that one cannot wait, cannot even be opened while
/// the lock is held, and <c>DOTNET_SYSTEM_IO_DISABLEFILELOCKING=1</c> switches it off silently.
/// </remarks>
public sealed partial class FileLock : IDisposable
{
    private const int Exclusive = 2;
    private const int DoNotWait = 4;
    private const int Unlock = 8;
    private const int ReadWrite = 2;
    private const int Interrupted = 4;

    private readonly SafeFileHandle _file;

    private FileLock(SafeFileHandle file) => _file = file;

    // The numbers differ: fcntl.h of Linux (x86-64 and arm64) and of macOS.
    private static int CloseOnExec => OperatingSystem.IsMacOS() ? 0x1000000 : 0x80000;

    private static int WouldBlock => OperatingSystem.IsMacOS() ? 35 : 11;

    /// <summary>Takes the lock if it is free.</summary>
    /// <param name="path">The file; created when missing. Its directory must exist.</param>
    /// <returns>The lock, or null when another process holds it.</returns>
    /// <exception cref="IOException">The file cannot be opened or locked; the message names it.</exception>
    public static FileLock? TryAcquire(string path)
    {
        SafeFileHandle file = OpenFile(path);
        if (Lock(file, path, Exclusive | DoNotWait))
            return new FileLock(file);
        file.Dispose();
        return null;
    }

    /// <summary>Waits for the lock.</summary>
    /// <param name="path">The file; created when missing. Its directory must exist.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="IOException">The file cannot be opened or locked; the message names it.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled; the lock is not held.</exception>
    public static async Task<FileLock> AcquireAsync(string path, CancellationToken cancellationToken)
    {
        if (TryAcquire(path) is { } free)
            return free;
        cancellationToken.ThrowIfCancellationRequested();
        // flock(2) cannot be cancelled. A waiter that gives up leaves its thread to take the lock and release it at once.
        Task<FileLock> waiting = Task.Factory.StartNew(
            () => Wait(path), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            return await waiting.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _ = waiting.ContinueWith(
                static late => late.Result.Dispose(),
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
            throw;
        }
    }

    /// <summary>Releases the lock.</summary>
    public void Dispose()
    {
        // Closing alone is not enough: a child that another thread is just forking has a copy until its exec, and the lock
        // lasts as long as any copy.
        if (!_file.IsClosed)
            _ = Flock(_file, Unlock);
        _file.Dispose();
    }

    private static FileLock Wait(string path)
    {
        SafeFileHandle file = OpenFile(path);
        Lock(file, path, Exclusive);
        return new FileLock(file);
    }

    private static bool Lock(SafeFileHandle file, string path, int operation)
    {
        while (Flock(file, operation) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            if (error == Interrupted)
                continue;
            if (error == WouldBlock)
                return false;
            file.Dispose();
            throw new IOException($"Cannot lock {path}: {new Win32Exception(error).Message}. Is its file system a network share?");
        }
        return true;
    }

    private static SafeFileHandle OpenFile(string path)
    {
        CreateIfMissing(path);
        // open(2) takes its third argument in another way on Apple silicon (it is variadic), so the file exists by now.
        int descriptor = Open(path, ReadWrite | CloseOnExec);
        if (descriptor < 0)
            throw new IOException($"Cannot open {path}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}.");
        return new SafeFileHandle(descriptor, ownsHandle: true);
    }

    private static void CreateIfMissing(string path)
    {
        if (File.Exists(path))
            return;
        try
        {
            File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite).Dispose();
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process created it in between, which is as good.
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Flock(SafeFileHandle file, int operation);
}

using System.Diagnostics;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Wire.Specs.Watchdog;

public sealed class FileLockSpecs : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string LockPath => _folder["a.lock"];

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = 10_000)]
    public async Task One_holder_at_a_time_and_waiters_follow()
    {
        FileLock first = FileLock.TryAcquire(LockPath)!;
        FileLock.TryAcquire(LockPath).ShouldBeNull();
        Task<FileLock> second = FileLock.AcquireAsync(LockPath, TimesUp);
        await Task.Delay(50, TimesUp);
        second.IsCompleted.ShouldBeFalse();

        first.Dispose();

        (await second).Dispose();
        using FileLock? third = FileLock.TryAcquire(LockPath);
        third.ShouldNotBeNull();
    }

    [Fact(Timeout = 10_000)]
    public async Task A_waiter_that_gives_up_does_not_keep_the_lock()
    {
        FileLock first = FileLock.TryAcquire(LockPath)!;
        using var cancel = new CancellationTokenSource(50);
        await Should.ThrowAsync<OperationCanceledException>(() => FileLock.AcquireAsync(LockPath, cancel.Token));

        first.Dispose();

        using FileLock later = await FileLock.AcquireAsync(LockPath, TimesUp);
    }

    [Fact(Timeout = 10_000)]
    public async Task It_keeps_other_processes_out_and_their_death_frees_it()
    {
        if (!OperatingSystem.IsLinux())
            Assert.Skip("uses flock(1)");
        File.WriteAllText(LockPath, "");
        using Process other = Process.Start("flock", [LockPath, "-c", $"touch {_folder["held"]}; exec sleep 30"]);
        while (!File.Exists(_folder["held"]))
            await Task.Delay(10, TimesUp);
        FileLock.TryAcquire(LockPath).ShouldBeNull();

        other.Kill(entireProcessTree: true);

        using FileLock freed = await FileLock.AcquireAsync(LockPath, TimesUp);
    }

    [Fact(Timeout = 10_000)]
    public async Task A_child_does_not_inherit_it()
    {
        FileLock held = FileLock.TryAcquire(LockPath)!;
        using Process child = Process.Start("sleep", ["30"]);
        try
        {
            held.Dispose();
            using FileLock? again = FileLock.TryAcquire(LockPath);
            again.ShouldNotBeNull();
        }
        finally
        {
            child.Kill();
            await child.WaitForExitAsync(TimesUp);
        }
    }

    [Fact]
    public void A_missing_directory_is_named() =>
        Should.Throw<IOException>(() => FileLock.TryAcquire(_folder["no/such/a.lock"])).Message.ShouldContain("no/such");
}

using System.ComponentModel;
using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Watchdog.Supervision;

/// <summary>Keeps the machine from falling asleep by itself while there is work.</summary>
internal interface IWakeLock
{
    /// <summary>There is work.</summary>
    void Hold();

    /// <summary>There is none; the machine may sleep again a little later, because the next work often follows at once.</summary>
    void Release();
}

/// <summary>
/// Holds the system's own inhibitor: a program that keeps the machine awake as long as the command runs that it is given,
/// here one that reads a pipe of this process. However this process ends, the pipe ends with it, and so does the hold.
/// A machine without such a program sleeps when it wants to. Thread-safe.
/// </summary>
/// <param name="command">The program and its arguments, up to the command that it runs.</param>
/// <param name="time">Clock of the delay.</param>
/// <param name="logger">The log.</param>
internal sealed partial class WakeLock(LaunchCommand command, TimeProvider time, ILogger<WakeLock> logger) : IWakeLock, IDisposable
{
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(20);

    private readonly Lock _gate = new();
    private Process? _holder;
    private ITimer? _ending;
    private bool _isUnavailable;

    /// <summary>The inhibitor of this system.</summary>
    public static LaunchCommand SystemCommand { get; } = OperatingSystem.IsMacOS()
        ? new LaunchCommand("/usr/bin/caffeinate", "-i", "cat")
        : new LaunchCommand("systemd-inhibit", "--what=sleep:idle", "--who=ds4", "--why=A model is at work", "--mode=block", "cat");

    public void Hold()
    {
        lock (_gate)
        {
            _ending?.Dispose();
            _ending = null;
            if (_holder is { HasExited: true })
                GiveUp($"it ended with {_holder.ExitCode}");
            if (_holder is null && !_isUnavailable)
                Start();
        }
    }

    public void Release()
    {
        lock (_gate)
        {
            if (_holder is not null)
                _ending ??= time.CreateTimer(_ => End(), null, Delay, Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose() => End();

    private void Start()
    {
        var start = new ProcessStartInfo(command.Executable, command.Arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            _holder = Process.Start(start);
        }
        catch (Win32Exception exception)
        {
            GiveUp(exception.Message);
        }
    }

    private void End()
    {
        lock (_gate)
        {
            _ending?.Dispose();
            _ending = null;
            // The end of its input ends the command, and with it the inhibitor.
            _holder?.StandardInput.Dispose();
            _holder?.Dispose();
            _holder = null;
        }
    }

    private void GiveUp(string reason)
    {
        LogUnavailable(logger, command.Executable, reason);
        _isUnavailable = true;
        _holder?.Dispose();
        _holder = null;
    }

    [LoggerMessage(LogLevel.Information, "The machine is not kept awake: {Program}: {Reason}")]
    private static partial void LogUnavailable(ILogger logger, string program, string reason);
}

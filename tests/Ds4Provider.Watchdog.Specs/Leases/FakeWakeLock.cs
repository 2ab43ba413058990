using Ds4Provider.Watchdog.Supervision;

namespace Ds4Provider.Watchdog.Specs.Leases;

/// <summary>Remembers whether the machine would be kept awake.</summary>
internal sealed class FakeWakeLock : IWakeLock
{
    private volatile bool _isHeld;

    public bool IsHeld => _isHeld;

    public void Hold() => _isHeld = true;

    public void Release() => _isHeld = false;
}

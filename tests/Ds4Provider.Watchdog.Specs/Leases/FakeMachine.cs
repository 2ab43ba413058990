using Ds4Provider.Watchdog.Setup.Choosing;

namespace Ds4Provider.Watchdog.Specs.Leases;

/// <summary>A machine whose strain the test decides; a negative number of bytes is a disk that cannot be asked.</summary>
internal sealed class FakeMachine : IMachine
{
    private volatile bool _isMemoryShort;
    private long _freeDisk = long.MaxValue;

    public bool IsMemoryShort
    {
        get => _isMemoryShort;
        set => _isMemoryShort = value;
    }

    public long FreeDisk
    {
        get => Volatile.Read(ref _freeDisk);
        set => Volatile.Write(ref _freeDisk, value);
    }

    public MachineProfile Inspect() => new(64L << 30);

    public MachineStrain Measure() => FreeDisk >= 0 ? new MachineStrain(FreeDisk, IsMemoryShort) : throw new IOException("no answer");
}

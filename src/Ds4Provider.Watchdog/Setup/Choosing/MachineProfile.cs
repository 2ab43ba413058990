namespace Ds4Provider.Watchdog.Setup.Choosing;

/// <summary>What limits the size of a model on a machine. All sizes in bytes.</summary>
/// <param name="Memory">Physical memory.</param>
internal sealed record MachineProfile(long Memory)
{
    /// <summary>Limit that a container sets, when there is one.</summary>
    public long? ContainerLimit { get; init; }

    /// <summary>What the GPU of an Apple chip may hold; absent elsewhere.</summary>
    public long? GpuWorkingSet { get; init; }

    /// <summary>Free space where weights are kept.</summary>
    public long FreeDisk { get; init; } = long.MaxValue;

    /// <summary>Processors that programs of this user may have.</summary>
    public int Cores { get; init; } = int.MaxValue;

    /// <summary>Instruction sets that the engine has kernels for, slowest first; none: portable C alone.</summary>
    public IReadOnlyList<string> InstructionSets { get; init; } = [];

    /// <summary>The memory that processes can have.</summary>
    public long Usable => Math.Min(Memory, ContainerLimit ?? long.MaxValue);
}

/// <summary>What runs short while a model works.</summary>
/// <param name="FreeDisk">Free bytes where the state directory lies.</param>
/// <param name="IsMemoryShort">Whether the system says that programs wait for memory.</param>
internal readonly record struct MachineStrain(long FreeDisk, bool IsMemoryShort);

/// <summary>Looks at the machine.</summary>
internal interface IMachine
{
    /// <summary>What is there now.</summary>
    MachineProfile Inspect();

    /// <summary>What runs short now.</summary>
    /// <exception cref="IOException">The system does not say.</exception>
    MachineStrain Measure();
}

using System.Globalization;
using System.Runtime.InteropServices;
using Ds4Provider.Watchdog.Posix;

namespace Ds4Provider.Watchdog.Setup.Choosing;

/// <summary>
/// The machine as its system describes it. The garbage collector's idea of available memory is of no use here: a host
/// may have limited it to a few megabytes.
/// </summary>
/// <param name="weights">Directory whose disk will hold the weights.</param>
/// <param name="root">Root of the file system; another one in tests.</param>
internal sealed class Machine(string weights, string root = "/") : IMachine
{
    private const long GiB = 1L << 30;
    private const long MiB = 1L << 20;

    /// <summary>Percent of the last minute in which no program came on for want of memory.</summary>
    private const double ShortMemory = 10;

    /// <summary>1 is normal, 2 a warning, 4 critical.</summary>
    private const long MacPressureWarning = 2;

    // Metal's default limit, as its recommendedMaxWorkingSetSize reports it: two thirds on small machines.
    private const long SmallMac = 36 * GiB;

    public MachineProfile Inspect() => OperatingSystem.IsMacOS() ? InspectMac() : InspectLinux();

    public MachineStrain Measure() => new(
        FreeDisk(),
        OperatingSystem.IsMacOS() ? Sysctl("kern.memorystatus_vm_pressure_level") >= MacPressureWarning : IsMemoryShortOnLinux());

    internal bool IsMemoryShortOnLinux()
    {
        string path = Path.Combine(root, "proc/pressure/memory");
        // Kernels before 4.20, and containers that hide it, do not say.
        return File.Exists(path) && File.ReadLines(path).Any(line =>
            line.Split(' ') is ["full", _, var minute, ..]
            && minute.StartsWith("avg60=", StringComparison.Ordinal)
            && double.TryParse(minute.AsSpan(6), CultureInfo.InvariantCulture, out double percent)
            && percent >= ShortMemory);
    }

    internal MachineProfile InspectLinux() => new(TotalMemory())
    {
        ContainerLimit = ContainerLimit(),
        FreeDisk = FreeDisk(),
        Cores = Environment.ProcessorCount,
        InstructionSets = [.. Processor.SetsOfLinux(File.ReadLines(Path.Combine(root, "proc/cpuinfo")))],
    };

    private MachineProfile InspectMac()
    {
        long memory = Sysctl("hw.memsize") ?? throw new IOException("sysctl hw.memsize gave no answer.");
        return new MachineProfile(memory)
        {
            GpuWorkingSet = GpuWorkingSet(memory),
            FreeDisk = FreeDisk(),
            Cores = Environment.ProcessorCount,
            InstructionSets = [.. Processor.SetsOfMac(name => Sysctl(name) is > 0)],
        };
    }

    private static long? GpuWorkingSet(long memory)
    {
        if (RuntimeInformation.OSArchitecture != Architecture.Arm64)
            return null;
        return Sysctl("iogpu.wired_limit_mb") is > 0 and var raised ? raised * MiB
            : memory <= SmallMac ? memory / 3 * 2
            : memory / 4 * 3;
    }

    private static long? Sysctl(string name)
    {
        long value = 0;
        nuint length = sizeof(long);
        // A 32-bit value fills the lower half, which is the first one on every Mac.
        return Libc.SysctlByName(name, ref value, ref length, 0, 0) == 0 ? value : null;
    }

    private long TotalMemory()
    {
        string path = Path.Combine(root, "proc/meminfo");
        foreach (string line in File.ReadLines(path))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words is ["MemTotal:", var kilobytes, ..])
                return long.Parse(kilobytes, CultureInfo.InvariantCulture) * 1024;
        }
        throw new IOException($"{path} has no line MemTotal.");
    }

    /// <summary>The tightest limit of this process's control group and its ancestors, version 2 or 1.</summary>
    private long? ContainerLimit()
    {
        string path = Path.Combine(root, "proc/self/cgroup");
        if (!File.Exists(path))
            return null;
        long? limit = null;
        foreach (string line in File.ReadLines(path))
        {
            string[] parts = line.Split(':', 3);
            if (parts is ["0", "", var unified])
                limit = Tighter(limit, Limit("sys/fs/cgroup", unified, "memory.max"));
            else if (parts.Length == 3 && parts[1].Split(',').Contains("memory"))
                limit = Tighter(limit, Limit("sys/fs/cgroup/memory", parts[2], "memory.limit_in_bytes"));
        }
        return limit;
    }

    private long? Limit(string mount, string group, string file)
    {
        string top = Path.Combine(root, mount);
        string folder = Path.Combine(top, group.TrimStart('/'));
        long? limit = null;
        // Inside a container the path may name a folder outside of it: the top then stands for the own group.
        while (folder.Length >= top.Length)
        {
            limit = Tighter(limit, Read(Path.Combine(folder, file)));
            folder = Path.GetDirectoryName(folder)!;
        }
        return limit;
    }

    // "max" and version 1's huge default both mean: no limit.
    private static long? Read(string path) =>
        File.Exists(path) && long.TryParse(File.ReadAllText(path), CultureInfo.InvariantCulture, out long bytes) && bytes < long.MaxValue / 2
            ? bytes
            : null;

    private static long? Tighter(long? a, long? b) => a is null ? b : b is null ? a : Math.Min(a.Value, b.Value);

    private long FreeDisk() => new DriveInfo(weights).AvailableFreeSpace;
}

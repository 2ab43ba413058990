namespace Ds4Provider.Watchdog.Setup.Choosing;

/// <summary>
/// Which of the instruction sets that the engine has kernels for a processor has, by what its system calls them. What the engine
/// takes it finds out by itself; this is for people and for the choice of a model, before there is an engine.
/// </summary>
internal static class Processor
{
    // The names are those of the engine's tables of kernels.
    private static readonly (string Name, string[] Flags)[] Linux =
    [
        ("avx2", ["avx2", "fma", "f16c"]),
        ("avx512", ["avx512f", "avx512bw", "avx512dq", "avx512vl"]),
        ("avx512-vnni", ["avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni", "avx512vbmi"]),
        ("neon", ["asimd"]),
        ("neon-dotprod", ["asimddp"]),
    ];

    private static readonly (string Name, string Setting)[] Mac =
    [
        ("neon", "hw.optional.neon"),
        ("neon-dotprod", "hw.optional.arm.FEAT_DotProd"),
    ];

    /// <summary>From the lines of <c>/proc/cpuinfo</c>.</summary>
    public static IEnumerable<string> SetsOfLinux(IEnumerable<string> cpuinfo)
    {
        // "flags" on x86, "Features" on arm; the same for every core but where big and small ones are mixed, which no set above tells apart.
        string line = cpuinfo.FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal) || line.StartsWith("Features", StringComparison.Ordinal)) ?? "";
        HashSet<string> flags = [.. line.Split(' ', '\t', ':')];
        return Linux.Where(set => set.Flags.All(flags.Contains)).Select(set => set.Name);
    }

    /// <summary>From the names of system settings that say whether there is such a thing.</summary>
    public static IEnumerable<string> SetsOfMac(Func<string, bool> has) => Mac.Where(set => has(set.Setting)).Select(set => set.Name);
}

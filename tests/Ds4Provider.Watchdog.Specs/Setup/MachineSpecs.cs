using Ds4Provider.Watchdog.Setup.Choosing;

namespace Ds4Provider.Watchdog.Specs.Setup;

public sealed class MachineSpecs : IDisposable
{
    private const long GiB = 1L << 30;
    private readonly TemporaryFolder _root = new();

    public MachineSpecs()
    {
        _root.Write("proc/meminfo", "MemTotal:       67108864 kB\nMemFree:         1024 kB\n");
        _root.Write("proc/cpuinfo", "processor\t: 0\n");
    }

    public void Dispose() => _root.Dispose();

    [Fact]
    public void Memory_is_what_the_kernel_says()
    {
        MachineProfile profile = Inspect();

        profile.Memory.ShouldBe(64 * GiB);
        profile.ContainerLimit.ShouldBeNull();
        profile.Usable.ShouldBe(64 * GiB);
        profile.FreeDisk.ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData("flags\t\t: fpu sse4_2 avx2 fma f16c", "avx2")]
    [InlineData("flags\t\t: avx2 fma", "")] // half-precision numbers are missing
    [InlineData("flags\t\t: f16c fma avx2 avx512f avx512bw avx512dq avx512vl avx512vbmi avx512_vnni", "avx2 avx512 avx512-vnni")]
    [InlineData("Features\t: fp asimd evtstrm asimdhp asimddp i8mm", "neon neon-dotprod")]
    [InlineData("model name\t: avx2 fma f16c", "")]
    public void Instruction_sets_are_what_the_kernel_lists_of_the_processor(string line, string sets)
    {
        _root.Write("proc/cpuinfo", $"processor\t: 0\n{line}\n\nprocessor\t: 1\n{line}\n");

        Inspect().InstructionSets.ShouldBe(sets.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Inspect().Cores.ShouldBe(Environment.ProcessorCount);
    }

    [Fact]
    public void On_a_Mac_they_are_what_its_settings_say() =>
        Processor.SetsOfMac(name => name == "hw.optional.neon").ShouldBe(["neon"]);

    [Theory]
    [InlineData("sys/fs/cgroup/memory.max")] // inside a container: its own group is the top
    [InlineData("sys/fs/cgroup/user.slice/memory.max")]
    [InlineData("sys/fs/cgroup/user.slice/app.scope/memory.max")]
    public void The_tightest_limit_of_the_control_groups_counts(string file)
    {
        _root.Write("proc/self/cgroup", "0::/user.slice/app.scope\n");
        _root.Write("sys/fs/cgroup/user.slice/app.scope/memory.max", "max\n");
        _root.Write(file, $"{16 * GiB}\n");

        Inspect().Usable.ShouldBe(16 * GiB);
    }

    [Fact]
    public void The_first_version_of_control_groups_is_read_too()
    {
        _root.Write("proc/self/cgroup", "7:cpu,cpuacct:/x\n4:memory:/docker/1234\n");
        _root.Write("sys/fs/cgroup/memory/memory.limit_in_bytes", $"{8 * GiB}\n");

        Inspect().Usable.ShouldBe(8 * GiB);
    }

    [Fact]
    public void No_limit_is_no_limit_in_either_version()
    {
        _root.Write("proc/self/cgroup", "4:memory:/\n0::/\n");
        _root.Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        _root.Write("sys/fs/cgroup/memory.max", "max\n");

        Inspect().ContainerLimit.ShouldBeNull();
    }

    [Theory]
    [InlineData("some avg10=99.00 avg60=80.00 avg300=9.00 total=1\nfull avg10=0.00 avg60=9.99 avg300=50.00 total=1\n", false)]
    [InlineData("some avg10=0.00 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.00 avg60=10.00 avg300=0.00 total=1\n", true)]
    [InlineData("full avg60\nfull\n\nnonsense", false)]
    [InlineData(null, false)]
    public void Memory_is_short_when_nothing_comes_on_for_a_tenth_of_the_last_minute(string? pressure, bool isShort)
    {
        if (pressure is not null)
            _root.Write("proc/pressure/memory", pressure);

        new Machine(_root.Path, _root.Path).IsMemoryShortOnLinux().ShouldBe(isShort);
    }

    private MachineProfile Inspect() => new Machine(_root.Path, _root.Path).InspectLinux();
}

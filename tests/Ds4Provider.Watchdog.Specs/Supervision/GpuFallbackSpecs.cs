using Ds4Provider.Watchdog.Supervision;

namespace Ds4Provider.Watchdog.Specs.Supervision;

public sealed class GpuFallbackSpecs
{
    [Fact]
    public void An_engine_that_leaves_the_GPU_alone_is_told_to_those_who_use_it() =>
        GpuFallback.Notice(hasGpu: true, "cpu, neon-dotprod").ShouldBe(
            "The engine computes on cpu, neon-dotprod instead of this Mac's GPU, which is much slower: `ds4 doctor` says why.");

    [Theory]
    [InlineData(true, "metal, Apple M3 Max")]
    [InlineData(true, null)]
    [InlineData(false, "cpu, avx512-vnni")]
    public void Otherwise_there_is_nothing_to_tell(bool hasGpu, string? computesOn) => GpuFallback.Notice(hasGpu, computesOn).ShouldBeNull();
}

using Ds4Provider.Server.Sessions;

namespace Ds4Provider.Server.Specs.Sessions;

public sealed class MemoryPlanSpecs
{
    private const long GiB = 1L << 30;

    [Theory]
    [InlineData(128, 81, 8, 1, 16)] // Flash, two bits, in 128 GB
    [InlineData(128, 81, 3, 4, 16)]
    [InlineData(96, 81, 3, 1, 0.25)] // hardly fits: one reply, and the checkpoints that are not to be done without
    [InlineData(512, 153, 8, 4, 16)]
    [InlineData(8, 0.01, 0.05, 4, 6.8)] // the demo
    public void Slots_and_checkpoints_come_from_what_the_weights_leave(
        double machine, double weights, double session, int slots, double checkpoints)
    {
        MemoryPlan plan = MemoryPlan.Choose((long)(machine * GiB), (long)(weights * GiB), (long)(session * GiB));

        plan.Slots.ShouldBe(slots);
        ((plan.StateBytes - (slots * session * GiB)) / GiB).ShouldBe(checkpoints, 0.1);
    }
}

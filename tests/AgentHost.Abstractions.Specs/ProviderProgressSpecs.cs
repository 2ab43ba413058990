
namespace AgentHost.Specs;

public sealed class ProviderProgressSpecs
{
    [Theory]
    [InlineData(0L, 200L, 0.0)]
    [InlineData(50L, 200L, 0.25)]
    [InlineData(300L, 200L, 1.0)]
    public void The_finished_part_follows_from_the_counts(long done, long total, double fraction) =>
        new ProviderProgress(ProgressPhase.Downloading, "x") { Done = done, Total = total }.Fraction.ShouldBe(fraction);

    [Fact]
    public void Without_both_counts_the_finished_part_is_unknown()
    {
        new ProviderProgress(ProgressPhase.Downloading, "x") { Done = 5 }.Fraction.ShouldBeNull();
        new ProviderProgress(ProgressPhase.Downloading, "x") { Total = 5 }.Fraction.ShouldBeNull();
        new ProviderProgress(ProgressPhase.Downloading, "x") { Done = 0, Total = 0 }.Fraction.ShouldBeNull();
    }

    [Fact]
    public void An_unavailable_model_says_why_what_to_do_and_where_to_read_more()
    {
        ProviderUnavailableException exception = new(ProviderUnavailableReason.NotEnoughDisk, "81 GB needed, 3 GB free.", "Free some.", "/x/log");

        exception.Reason.ShouldBe(ProviderUnavailableReason.NotEnoughDisk);
        exception.Message.ShouldBe("81 GB needed, 3 GB free.");
        exception.Hint.ShouldBe("Free some.");
        exception.LogPath.ShouldBe("/x/log");
    }
}

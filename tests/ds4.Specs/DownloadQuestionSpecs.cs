using Ds4Provider.Cli.Clients;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Cli.Specs;

public sealed class DownloadQuestionSpecs
{
    private static readonly Failed Needed = new(FailureReason.DownloadNeeded, "86.7 GB must be fetched.", "Allow the download.");

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Weights_are_asked_for_unless_that_was_allowed_in_advance(bool allowed, bool asks) =>
        new DownloadQuestion(allowed).Acquire("deepseek-v4-flash").ShouldBe(new Acquire("deepseek-v4-flash") { AskBeforeDownload = asks });

    [Fact]
    public void Whoever_cannot_be_asked_is_told_what_to_add_and_other_failures_stay_as_they_are()
    {
        Failed other = Needed with { Reason = FailureReason.NotEnoughDisk };

        DownloadQuestion.Explain(Needed).Hint.ShouldBe("To agree, add --download.");
        DownloadQuestion.Explain(other).ShouldBe(other);
        DownloadQuestion.IsAgreed(other).ShouldBeFalse();
    }
}

using Agent.Specs.Support;
using Agent.Terminal;
using AgentHost;

namespace Agent.Specs.Terminal;

public sealed class LiveDisplaySpecs
{
    [Fact(Timeout = 30_000)]
    public async Task A_reply_that_pauses_looks_as_before()
    {
        using VirtualTerminal terminal = new(60, 10);
        await using LiveDisplay display = new(new Screen(terminal, () => terminal.Size, colours: true), showsThinking: false, keepsAnswer: true, null, TimeProvider.System);
        display.RequestStarted();
        display.Reasoning("Hm.");

        for (int sign = 0; sign < 5; sign++)
        {
            display.Progress(new ProviderProgress(ProgressPhase.Generating, "Writing the reply"));
            int frames = terminal.Frames;
            while (terminal.Frames < frames + 2)
                await Task.Delay(10, TestContext.Current.CancellationToken);
            terminal.Text.ShouldContain("Thinking");
            terminal.Text.ShouldNotContain("Writing the reply");
        }
    }
}

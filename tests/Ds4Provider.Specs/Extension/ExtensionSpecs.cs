using AgentHost;
using Ds4Provider.Extension;
using Ds4Provider.Wire.Watchdog;
using Microsoft.Extensions.AI;
using WireProgress = Ds4Provider.Wire.Watchdog.Progress;

namespace Ds4Provider.Specs.Extension;

public sealed class ExtensionSpecs
{
    [Fact]
    public void The_assembly_names_its_extension()
    {
        AgentExtensionAttribute attribute = typeof(Ds4Extension).Assembly
            .GetCustomAttributes(typeof(AgentExtensionAttribute), false).ShouldHaveSingleItem().ShouldBeOfType<AgentExtensionAttribute>();

        (attribute.Type, attribute.Id).ShouldBe((typeof(Ds4Extension), "ds4"));
        attribute.Contract.ShouldBe(AgentContract.Version);
        Activator.CreateInstance(attribute.Type).ShouldBeAssignableTo<IAgentExtension>();
    }

    [Fact(Timeout = 20_000)]
    public async Task A_host_sees_both_models_and_prepares_one()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(null, async (_, channel, _) => await channel.SendAsync(
            new WireProgress(SetupPhase.Downloading, "Weights") { Done = 1, Total = 2, Unit = "bytes", Rate = 3, Remaining = 4 }, default));
        var provider = new Ds4ModelProvider(world.Runtime);
        provider.Models.Select(model => (model.Id, model.IsDemo, model.ContextWindow)).ShouldBe([("deepseek-v4-flash", false, 0), ("demo", true, 0)]);
        var progress = new Collected();

        await provider.PrepareAsync(provider.Models[1], new PrepareRequest { Progress = progress }, TimesUp);

        progress.Steps.ShouldContain(new ProviderProgress(ProgressPhase.Downloading, "Weights")
        {
            Done = 1,
            Total = 2,
            Unit = ProgressUnit.Bytes,
            PerSecond = 3,
            Remaining = TimeSpan.FromSeconds(4),
        });
        (provider.Models[1].ContextWindow, provider.Models[1].Name).ShouldBe((4096, "Demo"));
    }

    [Fact(Timeout = 20_000)]
    public async Task A_host_is_told_of_obstacles_in_its_own_terms()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(null, async (_, channel, _) => await channel.SendAsync(
            new Failed(FailureReason.NotEnoughMemory, "Too small.", "Buy more.") { Log = "/l" }, default));
        var provider = new Ds4ModelProvider(world.Runtime);

        ProviderUnavailableException prepared = await Should.ThrowAsync<ProviderUnavailableException>(
            async () => await provider.PrepareAsync(provider.Models[0], new PrepareRequest(), TimesUp));
        ProviderUnavailableException asked = await Should.ThrowAsync<ProviderUnavailableException>(
            () => provider.CreateChatClient(provider.Models[0]).GetResponseAsync("hi", cancellationToken: TimesUp));
        ProviderUnavailableException streamed = await Should.ThrowAsync<ProviderUnavailableException>(
            () => provider.CreateChatClient(provider.Models[0]).GetStreamingResponseAsync("hi", null, TimesUp).ToListAsync(TimesUp).AsTask());

        foreach (ProviderUnavailableException error in (ProviderUnavailableException[])[prepared, asked, streamed])
            (error.Reason, error.Message, error.Hint, error.LogPath).ShouldBe((ProviderUnavailableReason.NotEnoughMemory, "Too small.", "Buy more.", "/l"));
    }

    [Fact(Timeout = 20_000)]
    public async Task A_host_is_asked_before_a_download()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(null, async (_, channel, acquire) =>
        {
            if (acquire.AskBeforeDownload)
                await channel.SendAsync(new Failed(FailureReason.DownloadNeeded, "87 GB must be fetched.", "") { NeededBytes = 87 }, default);
        });
        var provider = new Ds4ModelProvider(world.Runtime);
        DownloadOffer? offered = null;
        var request = new PrepareRequest
        {
            ConfirmDownload = (offer, _) =>
            {
                offered = offer;
                return ValueTask.FromResult(false);
            },
        };

        (await Should.ThrowAsync<ProviderUnavailableException>(async () => await provider.PrepareAsync(provider.Models[0], request, TimesUp)))
            .Reason.ShouldBe(ProviderUnavailableReason.DownloadRefused);

        offered!.Bytes.ShouldBe(87);
        offered.Description.ShouldContain("DeepSeek V4 Flash");
    }

    [Fact(Timeout = 20_000)]
    public async Task A_host_reads_live_calls_and_progress()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(Sse.Reply(
            Sse.Progress("""{"phase":"prefilling","done":1,"total":2}"""), Sse.CallStart(0, "c", "f", """{"x":"""), Sse.CallPiece(0, "1}"),
            Sse.Finish("tool_calls"), Sse.Done));
        IModelProvider provider = new Ds4ModelProvider(world.Runtime);
        var details = new List<StreamDetail>();

        await foreach (ChatResponseUpdate update in provider.CreateChatClient(provider.Models[1]).GetStreamingResponseAsync("hi", null, TimesUp))
        {
            bool read = provider.TryReadUpdate(update, out StreamDetail detail);
            read.ShouldBe(update.RawRepresentation is not null);
            if (read)
                details.Add(detail);
        }

        details.Select(detail => detail.ToolCall).OfType<ToolCallFragment>().ShouldBe([new(0, "c", "f", """{"x":"""), new(0, "c", "f", "1}")]);
        details.ShouldContain(detail => detail.Progress != null && detail.Progress.Phase == ProgressPhase.Prefilling && detail.Progress.Done == 1);
    }

    [Fact]
    public void Every_reason_of_the_watchdog_has_its_name_here()
    {
        foreach (FailureReason reason in Enum.GetValues<FailureReason>())
            Ds4UnavailableException.Translate(reason).ToString().ShouldBe(reason.ToString());
    }

    [Fact]
    public void Every_phase_has_its_name_here_and_in_the_host()
    {
        foreach (SetupPhase phase in Enum.GetValues<SetupPhase>())
            Enum.TryParse<Ds4Phase>(phase.ToString(), out _).ShouldBeTrue();
        foreach (Ds4Phase phase in Enum.GetValues<Ds4Phase>())
            HostTranslation.Translate(phase).ToString().ShouldBe(phase.ToString());
    }

    private sealed class Collected : IProgress<ProviderProgress>
    {
        private readonly List<ProviderProgress> _steps = [];

        public IReadOnlyList<ProviderProgress> Steps
        {
            get
            {
                lock (_steps)
                    return [.. _steps];
            }
        }

        public void Report(ProviderProgress value)
        {
            lock (_steps)
                _steps.Add(value);
        }
    }
}

using Agent.Models;
using Agent.Specs.Support;
using AgentHost;

namespace Agent.Specs.Modes;

public sealed class ModelChoiceSpecs
{
    private static readonly ProviderUnavailableException TooSmall = new(
        ProviderUnavailableReason.NotEnoughMemory, "96 GB needed, 16 GB found.", "Use a larger machine.", "/logs/x.log");

    private readonly List<string> prepared = [];

    [Fact(Timeout = 30_000)]
    public async Task Without_a_name_the_first_model_that_is_not_a_demo_is_taken()
    {
        await using SessionFixture fixture = new(Provider(largeFits: true));

        await fixture.Session.ChooseModelAsync(null, TestContext.Current.CancellationToken);

        fixture.Session.Context.Model.ShouldBe("scripted/large");
    }

    [Fact(Timeout = 30_000)]
    public async Task When_it_does_not_fit_the_person_is_told_why_and_offered_the_demo()
    {
        List<string> questions = [];
        await using SessionFixture fixture = new(Provider(largeFits: false), answer: question =>
        {
            questions.Add(question);
            return true;
        });

        await fixture.Session.ChooseModelAsync(null, TestContext.Current.CancellationToken);

        questions.ShouldBe(["Use the demo model scripted/demo instead?"]);
        fixture.Recording.Notices.ShouldBe("scripted/large: 96 GB needed, 16 GB found.\nUse a larger machine.\nLog: /logs/x.log");
        fixture.Session.Context.Model.ShouldBe("scripted/demo");
    }

    [Fact(Timeout = 30_000)]
    public async Task The_demo_never_stands_in_against_the_will_of_the_person()
    {
        await using SessionFixture fixture = new(Provider(largeFits: false), answer: _ => false);

        await Should.ThrowAsync<ModelChoiceException>(() => fixture.Session.ChooseModelAsync(null, TestContext.Current.CancellationToken));

        fixture.Session.Model.ShouldBeNull();
        prepared.ShouldBe(["large"]);
    }

    [Fact(Timeout = 30_000)]
    public async Task Where_nobody_can_be_asked_it_says_how_to_choose_the_demo()
    {
        await using SessionFixture fixture = new(Provider(largeFits: false));

        ModelChoiceException exception = await Should.ThrowAsync<ModelChoiceException>(
            () => fixture.Session.ChooseModelAsync(null, TestContext.Current.CancellationToken));

        exception.Message.ShouldBe("To try the demo model instead, add: --model scripted/demo");
        prepared.ShouldBe(["large"]);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_model_that_was_named_is_not_replaced()
    {
        await using SessionFixture fixture = new(Provider(largeFits: false), answer: _ => true);

        await Should.ThrowAsync<ModelChoiceException>(() => fixture.Session.ChooseModelAsync("scripted/large", TestContext.Current.CancellationToken));

        prepared.ShouldBe(["large"]);
    }

    [Theory(Timeout = 30_000)]
    [InlineData("scripted/demo")]
    [InlineData("demo")]
    public async Task A_name_may_leave_the_provider_out(string name)
    {
        await using SessionFixture fixture = new(Provider(largeFits: false));

        await fixture.Session.ChooseModelAsync(name, TestContext.Current.CancellationToken);

        fixture.Session.Context.Model.ShouldBe("scripted/demo");
    }

    [Fact(Timeout = 30_000)]
    public async Task An_unknown_name_lists_the_known_ones()
    {
        await using SessionFixture fixture = new(Provider(largeFits: true));

        ModelChoiceException exception = await Should.ThrowAsync<ModelChoiceException>(
            () => fixture.Session.ChooseModelAsync("gpt", TestContext.Current.CancellationToken));

        exception.Message.ShouldBe("There is no model 'gpt'. Known models: scripted/large, scripted/demo.");
    }

    [Theory(Timeout = 30_000)]
    [InlineData(true, null, true)]
    [InlineData(false, true, true)]
    [InlineData(false, false, false)]
    [InlineData(false, null, false)]
    public async Task A_large_download_needs_consent(bool flag, bool? answer, bool expected)
    {
        bool? consent = null;
        ScriptedProvider provider = Provider(largeFits: true);
        provider.OnPrepare = async (_, request, token) =>
            consent = await request.ConfirmDownload!(new DownloadOffer("Weights", 80_800_000_000), token);
        List<string> questions = [];
        Func<string, bool>? ask = answer is null ? null : question =>
        {
            questions.Add(question);
            return answer.Value;
        };
        await using SessionFixture fixture = new(provider, answer: ask, options: new AgentOptions { Download = flag });

        await fixture.Session.ChooseModelAsync(null, TestContext.Current.CancellationToken);

        consent.ShouldBe(expected);
        questions.ShouldBe(answer is null ? [] : ["Weights: download 80.8 GB?"]);
        if (!flag && answer is null)
            fixture.Recording.Notices.ShouldBe("Weights: 80.8 GB to download. To agree, add: --download");
    }

    [Fact(Timeout = 30_000)]
    public async Task Another_model_replaces_the_one_before_and_a_failure_keeps_it()
    {
        ScriptedProvider provider = Provider(largeFits: false);
        await using SessionFixture fixture = new(provider);
        await fixture.Session.ChooseModelAsync("demo", TestContext.Current.CancellationToken);

        await Should.ThrowAsync<ModelChoiceException>(() => fixture.Session.ChooseModelAsync("large", TestContext.Current.CancellationToken));
        fixture.Session.Context.Model.ShouldBe("scripted/demo");
        provider.ClientsDisposed.ShouldBe(0);

        await fixture.Session.ChooseModelAsync("demo", TestContext.Current.CancellationToken);
        provider.ClientsDisposed.ShouldBe(1);
    }

    private ScriptedProvider Provider(bool largeFits) => new()
    {
        Models = [new ModelInfo("large", "Large"), new ModelInfo("demo", "Demo") { IsDemo = true }],
        OnPrepare = (model, _, _) =>
        {
            prepared.Add(model.Id);
            return model.Id == "demo" || largeFits ? ValueTask.CompletedTask : throw TooSmall;
        },
    };
}

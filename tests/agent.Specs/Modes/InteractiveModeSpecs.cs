using Agent.Modes;
using Agent.Specs.Support;
using Agent.Terminal;
using AgentHost;
using Microsoft.Extensions.AI;
using static Agent.Specs.Support.ScriptedProvider;

namespace Agent.Specs.Modes;

/// <summary>A conversation with a person who presses keys and sees a screen.</summary>
public sealed class InteractiveModeSpecs
{
    [Fact(Timeout = 60_000)]
    public async Task A_question_is_answered_with_dimmed_thinking_calls_and_figures()
    {
        await using Person person = new(
            Reply(new TextReasoningContent("Let me look."), Call("c1", "bash", new { command = "echo hello; echo world" })),
            Reply(new TextContent("It says **hello**."), new UsageContent(new UsageDetails { InputTokenCount = 1000, CachedInputTokenCount = 900, OutputTokenCount = 24 })));

        await person.SeesAsync("> Ask for something, or /help");
        await person.AsksAsync("What does it say?");

        await person.SeesAsync("scripted/model · 1,024 tokens · 90 % cached");
        person.Screen.ShouldContain(
            """
            > What does it say?

            Let me look.

            ✓ $ echo hello; echo world  2 lines
            """.ReplaceLineEndings("\n"), Case.Sensitive);
        person.Screen.ShouldContain("  │ hello\n  │ world\n\nIt says **hello**.");
        await person.LeavesAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task Escape_cancels_a_reply_and_the_conversation_goes_on()
    {
        await using Person person = new(ReplyWithoutEnd("I go on and"), Reply(new TextContent("Second answer.")));

        await person.SeesAsync("> Ask");
        await person.AsksAsync("One");
        await person.SeesAsync("I go on and");
        await person.SeesAsync("Esc cancels");
        person.Presses(ConsoleKey.Escape);
        await person.SeesAsync("Cancelled.");

        await person.SeesAsync("> Ask");
        await person.AsksAsync("Two");
        await person.SeesAsync("Second answer.");
        await person.LeavesAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task What_is_typed_while_the_agent_works_is_kept()
    {
        await using Person person = new(ReplyWithoutEnd("I go on and"));

        await person.SeesAsync("> Ask");
        await person.AsksAsync("One");
        await person.SeesAsync("I go on and");
        person.Types("next question");
        person.Presses(ConsoleKey.Escape);

        await person.SeesAsync("> next question");
        await person.LeavesAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task Setup_can_be_cancelled_and_is_tried_again_with_the_next_input()
    {
        await using Person person = new(Reply(new TextContent("Hello.")));
        int preparations = 0;
        person.Provider.OnPrepare = async (_, request, token) =>
        {
            if (preparations++ > 0)
                return;
            request.Progress!.Report(new ProviderProgress(ProgressPhase.Loading, "Loading the weights") { Done = 1, Total = 4 });
            await Task.Delay(Timeout.Infinite, token);
        };
        person.Enters();

        await person.SeesAsync("Loading the weights");
        await person.SeesAsync("25 %");
        person.Presses(ConsoleKey.Escape);
        await person.SeesAsync("Cancelled.");
        await person.SeesAsync("> Ask");

        await person.AsksAsync("Hi");
        await person.SeesAsync("Hello.");
        await person.LeavesAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task The_demo_is_offered_and_taken_with_a_key()
    {
        await using Person person = new(Reply(new TextContent("I am small.")))
        {
            Models = [new ModelInfo("large", "Large"), new ModelInfo("demo", "Demo") { IsDemo = true }],
        };
        person.Provider.OnPrepare = (model, _, _) => model.IsDemo
            ? ValueTask.CompletedTask
            : throw new ProviderUnavailableException(ProviderUnavailableReason.NotEnoughMemory, "Too small.");

        await person.SeesAsync("Use the demo model scripted/demo instead? [y/N]");
        person.Types("y");
        await person.SeesAsync("scripted/demo (demo)");
        await person.AsksAsync("Hi");

        await person.SeesAsync("I am small.");
        await person.LeavesAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_model_that_was_named_is_the_one_that_is_tried_again()
    {
        await using Person person = new(Reply(new TextContent("I am small.")))
        {
            Models = [new ModelInfo("large", "Large"), new ModelInfo("demo", "Demo") { IsDemo = true }],
            Model = "demo",
        };
        List<string> prepared = [];
        person.Provider.OnPrepare = async (model, _, token) =>
        {
            prepared.Add(model.Id);
            if (prepared.Count == 1)
                await Task.Delay(Timeout.Infinite, token);
        };
        person.Enters();
        while (prepared.Count == 0)
            await Task.Delay(20, TestContext.Current.CancellationToken);
        person.Presses(ConsoleKey.Escape);
        await person.SeesAsync("Cancelled.");

        await person.AsksAsync("Hi");

        await person.SeesAsync("I am small.");
        prepared.ShouldAllBe(model => model == "demo");
        await person.LeavesAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task While_the_person_is_asked_nothing_else_seems_to_go_on()
    {
        await using Person person = new(Reply(new TextContent("Hello.")));
        person.Provider.OnPrepare = async (_, request, token) =>
        {
            if (request.Reason != PrepareReason.Selected)
                return;
            request.Progress!.Report(new ProviderProgress(ProgressPhase.Choosing, "Checking the disk"));
            (await request.ConfirmDownload!(new DownloadOffer("Weights", 80_800_000_000), token)).ShouldBeTrue();
            request.Progress!.Report(new ProviderProgress(ProgressPhase.Downloading, "Downloading") { Done = 1, Total = 2 });
            await Task.Delay(300, token);
        };

        await person.SeesAsync("Weights: download 80.8 GB? [y/N]");
        person.Screen.ShouldNotContain("Checking the disk");
        person.Types("y");

        await person.SeesAsync("Downloading");
        await person.LeavesAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task Commands_choose_list_forget_and_help()
    {
        await using Person person = new(Reply(new TextContent("One.")), Reply(new TextContent("Two.")));

        await person.SeesAsync("> Ask");
        await person.AsksAsync("/help");
        await person.SeesAsync("/quit");
        await person.AsksAsync("/model");
        await person.SeesAsync("* scripted/model");
        await person.AsksAsync("/nothing");
        await person.SeesAsync("There is no command /nothing");
        await person.AsksAsync("first");
        await person.SeesAsync("One.");
        await person.AsksAsync("/new");
        await person.SeesAsync("A new conversation.");
        await person.AsksAsync("second");
        await person.SeesAsync("Two.");

        person.Provider.Requests[1].Count(message => message.Role == ChatRole.User).ShouldBe(1);
        await person.AsksAsync("/quit");
        (await person.EndAsync()).ShouldBe(0);
    }

    [Fact(Timeout = 60_000)]
    public async Task Control_C_twice_leaves_also_while_something_hangs()
    {
        await using Person person = new(_ => HangAsync());

        await person.SeesAsync("> Ask");
        await person.AsksAsync("One");
        await person.SeesAsync("hanging");
        person.Presses(ConsoleKey.C, control: true);
        person.Presses(ConsoleKey.C, control: true);

        (await person.EndAsync()).ShouldBe(0);
        await person.DisposeAsync();
        person.Terminal.CursorIsVisible.ShouldBeTrue();

        static async IAsyncEnumerable<ChatResponseUpdate> HangAsync()
        {
            yield return new ChatResponseUpdate(ChatRole.Assistant, "hanging");
            // Deaf to cancellation.
            await Task.Delay(TimeSpan.FromMinutes(1), CancellationToken.None);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task A_long_answer_scrolls_by_without_a_line_lost_or_doubled()
    {
        string[] lines = [.. Enumerable.Range(1, 300).Select(number => $"line {number}")];
        await using Person person = new(Reply([.. lines.SelectMany(line => new AIContent[] { new TextContent(line[..3]), new TextContent(line[3..] + "\n") })]));

        await person.SeesAsync("> Ask");
        await person.AsksAsync("Go");
        await person.SeesAsync("line 300");
        await person.SeesAsync("> Ask for something");

        person.Screen.Split('\n').Where(line => line.StartsWith("line ", StringComparison.Ordinal)).ShouldBe(lines);
        person.Terminal.Frames.ShouldBeLessThan(200);
        await person.LeavesAsync();
    }

    /// <summary>Somebody at a terminal of eighty columns.</summary>
    private sealed class Person : IAsyncDisposable
    {
        private readonly Keyboard keyboard = new();
        private readonly LiveDisplay display;
        private readonly Lazy<SessionFixture> fixture;
        private Task<int>? running;
        private bool gone;

        public Person(params Script[] scripts)
        {
            display = new LiveDisplay(
                new Screen(Terminal, () => Terminal.Size, colours: true), showsThinking: true, keepsAnswer: true, "Esc cancels", TimeProvider.System);
            provider = new Lazy<ScriptedProvider>(() => Models is null ? new ScriptedProvider(scripts) : new ScriptedProvider(scripts) { Models = Models });
            fixture = new Lazy<SessionFixture>(() => new SessionFixture(Provider, display));
        }

        private readonly Lazy<ScriptedProvider> provider;

        public IReadOnlyList<ModelInfo>? Models { get; init; }

        /// <summary>The model that the command line names.</summary>
        public string? Model { get; init; }

        public ScriptedProvider Provider => provider.Value;

        public VirtualTerminal Terminal { get; } = new(80, 24);

        public string Screen => Terminal.Text;

        public void Enters() => running ??= RunAsync();

        public void Types(string text)
        {
            foreach (char character in text)
                keyboard.Dispatch(new ConsoleKeyInfo(character, KeyOf(character), false, false, false), moreWaiting: false);
        }

        /// <summary>Types a line where the cursor blinks, and sends it.</summary>
        public async Task AsksAsync(string text)
        {
            await SeesPromptAsync();
            Types(text + "\r");
        }

        public void Presses(ConsoleKey key, bool control = false) =>
            keyboard.Dispatch(new ConsoleKeyInfo('\0', key, false, false, control), moreWaiting: false);

        /// <summary>Waits until the end of the screen shows a text.</summary>
        public async Task SeesAsync(string text)
        {
            Enters();
            for (int i = 0; i < 500; i++)
            {
                if (Screen.Contains(text, StringComparison.Ordinal))
                    return;
                await Task.Delay(20, TestContext.Current.CancellationToken);
            }
            Screen.ShouldContain(text, Case.Sensitive);
        }

        /// <summary>Waits until the cursor blinks: it does so only where something can be typed.</summary>
        private async Task SeesPromptAsync()
        {
            for (int i = 0; i < 500 && !Terminal.CursorIsVisible; i++)
                await Task.Delay(20, TestContext.Current.CancellationToken);
            Terminal.CursorIsVisible.ShouldBeTrue(Screen);
        }

        public async Task LeavesAsync()
        {
            await SeesPromptAsync();
            Presses(ConsoleKey.U, control: true);
            Presses(ConsoleKey.D, control: true);
            (await EndAsync()).ShouldBe(0);
        }

        public Task<int> EndAsync() => running!.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

        public async ValueTask DisposeAsync()
        {
            if (gone)
                return;
            gone = true;
            await display.DisposeAsync();
            await fixture.Value.DisposeAsync();
            await Terminal.DisposeAsync();
        }

        private static ConsoleKey KeyOf(char character) => character switch
        {
            '\r' => ConsoleKey.Enter,
            >= 'a' and <= 'z' => ConsoleKey.A + (character - 'a'),
            _ => default,
        };

        private async Task<int> RunAsync()
        {
            AgentUi ui = new(display, new Question(display, keyboard).AskAsync);
            SessionFixture session = fixture.Value;
            using AgentSession asking = new(
                session.Extensions, display, ui, HostMode.Interactive, new AgentOptions(), session.Folder.Path, TimeProvider.System);
            InteractiveMode mode = new(asking, display, keyboard, ui, () => [], TimeProvider.System);
            int exitCode = await mode.RunAsync(Model, TestContext.Current.CancellationToken);
            return exitCode;
        }
    }
}

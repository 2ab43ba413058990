using System.Runtime.CompilerServices;
using Agent.Loop;
using Agent.Prompt;
using Agent.Specs.Support;
using AgentHost;
using Microsoft.Extensions.AI;
using static Agent.Specs.Support.ScriptedProvider;

namespace Agent.Specs.Loop;

public sealed class AgentLoopSpecs
{
    [Fact(Timeout = 30_000)]
    public async Task A_request_carries_the_prompt_and_the_tools_in_their_order()
    {
        ScriptedProvider provider = new(Reply(new TextContent("Hello.")));
        await using SessionFixture fixture = new(provider);

        AgentOutcome outcome = await RunAsync(fixture, "Hi");

        outcome.End.ShouldBe(AgentEnd.Answered);
        outcome.Text.ShouldBe("Hello.");
        provider.Requests[0].Select(message => (message.Role, message.Text)).ShouldBe([(ChatRole.System, AgentPrompt.System), (ChatRole.User, "Hi")]);
        provider.Options[0].Tools!.Select(tool => tool.Name).ShouldBe(["read", "bash", "edit", "write"]);
        provider.Options[0].Tools!.Cast<AIFunctionDeclaration>().Select(tool => tool.JsonSchema.GetRawText())
            .ShouldBe(AgentPrompt.Tools.Select(tool => tool.Parameters.GetRawText()));
    }

    [Theory(Timeout = 30_000)]
    [InlineData(ThinkingLevel.Off, ReasoningEffort.None, "off")]
    [InlineData(ThinkingLevel.Low, ReasoningEffort.None, "off")]
    [InlineData(ThinkingLevel.Medium, ReasoningEffort.High, "high")]
    [InlineData(ThinkingLevel.High, ReasoningEffort.High, "high")]
    [InlineData(ThinkingLevel.Max, ReasoningEffort.ExtraHigh, "max")]
    public async Task The_level_of_thinking_is_the_nearest_that_the_model_has(ThinkingLevel wanted, ReasoningEffort effort, string level)
    {
        ScriptedProvider provider = new(Reply(new TextContent("x")));
        await using SessionFixture fixture = new(provider, options: new AgentOptions { Thinking = wanted });

        await RunAsync(fixture, "Hi");

        provider.Options[0].Reasoning!.Effort.ShouldBe(effort);
        provider.Options[0].AdditionalProperties!["thinking_level"].ShouldBe(level);
    }

    [Fact(Timeout = 30_000)]
    public async Task Calls_run_and_their_results_go_back_with_the_reasoning_that_led_to_them()
    {
        ScriptedProvider provider = new(
            Reply(new TextReasoningContent("I "), new TextReasoningContent("write."), new TextContent("Writing."),
                Call("c1", "write", new { path = "a.txt", content = "1\n" })),
            Reply(new TextContent("Done.")));
        await using SessionFixture fixture = new(provider);

        AgentOutcome outcome = await RunAsync(fixture, "Write");

        outcome.Text.ShouldBe("Done.");
        File.ReadAllText(fixture.Folder["a.txt"]).ShouldBe("1\n");
        IReadOnlyList<ChatMessage> second = provider.Requests[1];
        second.Select(message => message.Role).ShouldBe([ChatRole.System, ChatRole.User, ChatRole.Assistant, ChatRole.Tool]);
        second[2].Contents.OfType<TextReasoningContent>().Single().Text.ShouldBe("I write.");
        second[2].Text.ShouldBe("Writing.");
        second[2].Contents.OfType<FunctionCallContent>().Single().CallId.ShouldBe("c1");
        second[3].Contents.OfType<FunctionResultContent>().Select(result => (result.CallId, result.Result)).ShouldBe([("c1", "Wrote 2 bytes to a.txt.")]);
    }

    [Fact(Timeout = 30_000)]
    public async Task Calls_of_one_reply_run_at_the_same_time_and_answer_in_their_order()
    {
        // Each waits for the other's file: one after the other would never end.
        ScriptedProvider provider = new(
            Reply(
                Call("c1", "bash", new { command = "touch one; while [ ! -e two ]; do sleep 0.02; done; sleep 0.2; echo first" }),
                Call("c2", "bash", new { command = "touch two; while [ ! -e one ]; do sleep 0.02; done; echo second" })),
            Reply(new TextContent("Done.")));
        await using SessionFixture fixture = new(provider);

        await RunAsync(fixture, "Go");

        provider.Requests[1][^1].Contents.OfType<FunctionResultContent>().Select(result => result.Result).ShouldBe(["first\n", "second\n"]);
    }

    [Fact(Timeout = 30_000)]
    public async Task What_a_model_does_wrong_it_is_told()
    {
        ScriptedProvider provider = new(
            Reply(
                Call("c1", "fly", new { }),
                Call("c2", "read", new { file = "a.txt" }),
                new FunctionCallContent("c3", "read") { Exception = new FormatException("unexpected end") }),
            Reply(new TextContent("Sorry.")));
        await using SessionFixture fixture = new(provider);

        await RunAsync(fixture, "Go");

        provider.Requests[1][^1].Contents.OfType<FunctionResultContent>().Select(result => result.Result).ShouldBe(
        [
            "Error: there is no tool named fly.",
            "Error: path is missing.",
            "Error: the arguments of read are not a JSON object: unexpected end",
        ]);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_cancelled_reply_is_left_out_of_the_next_request()
    {
        ScriptedProvider provider = new(ReplyWithoutEnd("I begin"), Reply(new TextContent("Hello.")));
        await using SessionFixture fixture = new(provider);
        using CancellationTokenSource cancellation = new();
        fixture.Recording.OnEntry = entry =>
        {
            if (entry == "text I begin")
                cancellation.Cancel();
        };

        AgentOutcome outcome = await RunAsync(fixture, "One", cancellation.Token);
        outcome.End.ShouldBe(AgentEnd.Cancelled);
        fixture.Recording.Entries.ShouldContain("ended Aborted");

        await fixture.Session.RunAsync("Two", TestContext.Current.CancellationToken);
        provider.Requests[1].Skip(1).Select(message => (message.Role, message.Text)).ShouldBe([(ChatRole.User, "One"), (ChatRole.User, "Two")]);
    }

    [Fact(Timeout = 30_000)]
    public async Task Calls_that_were_cancelled_still_have_results()
    {
        ScriptedProvider provider = new(
            Reply(Call("c1", "bash", new { command = "echo $$ > process; sleep 300" }), Call("c2", "write", new { path = "a", content = "x" })),
            Reply(new TextContent("Hello.")));
        await using SessionFixture fixture = new(provider);
        using CancellationTokenSource cancellation = new();
        Task<AgentOutcome> running = RunAsync(fixture, "One", cancellation.Token);
        while (!File.Exists(fixture.Folder["process"]) || !File.Exists(fixture.Folder["a"]))
            await Task.Delay(20, TestContext.Current.CancellationToken);

        await cancellation.CancelAsync();

        (await running).End.ShouldBe(AgentEnd.Cancelled);
        await fixture.Session.RunAsync("Two", TestContext.Current.CancellationToken);
        provider.Requests[1][^2].Contents.OfType<FunctionResultContent>().Select(result => result.Result).ShouldBe(
            ["Error: the user cancelled this call.", "Wrote 1 byte to a."]);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_failed_request_says_so_and_the_conversation_goes_on()
    {
        ScriptedProvider provider = new(Failure(new HttpRequestException("the socket is gone")), Reply(new TextContent("Hello.")));
        await using SessionFixture fixture = new(provider);

        AgentOutcome failed = await RunAsync(fixture, "One");
        failed.End.ShouldBe(AgentEnd.Failed);
        failed.Error.ShouldBe("scripted/model: the socket is gone");

        (await fixture.Session.RunAsync("Two", TestContext.Current.CancellationToken)).Text.ShouldBe("Hello.");
    }

    [Fact(Timeout = 30_000)]
    public async Task A_model_in_circles_is_stopped()
    {
        ScriptedProvider provider = new([.. Enumerable.Range(0, 3).Select(turn => Reply(Call($"c{turn}", "bash", new { command = "true" })))]);
        await using SessionFixture fixture = new(provider, options: new AgentOptions { MaximumTurns = 3 });

        AgentOutcome outcome = await RunAsync(fixture, "Go");

        outcome.Error.ShouldBe("Stopped after 3 requests without an answer.");
        provider.Requests.Count.ShouldBe(3);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_reply_that_was_cut_runs_none_of_its_calls()
    {
        ScriptedProvider provider = new(
            token => Cut(Reply(Call("c1", "write", new { path = "a", content = "x" }))(token)), Reply(new TextContent("Hello.")));
        await using SessionFixture fixture = new(provider);

        AgentOutcome outcome = await RunAsync(fixture, "One");
        outcome.Error!.ShouldContain("The reply was cut");
        File.Exists(fixture.Folder["a"]).ShouldBeFalse();

        await fixture.Session.RunAsync("Two", TestContext.Current.CancellationToken);
        provider.Requests[1].Skip(1).ShouldAllBe(message => message.Role == ChatRole.User);

        static async IAsyncEnumerable<ChatResponseUpdate> Cut(IAsyncEnumerable<ChatResponseUpdate> updates)
        {
            await foreach (ChatResponseUpdate update in updates)
                yield return update;
            yield return new ChatResponseUpdate { Role = ChatRole.Assistant, FinishReason = ChatFinishReason.Length };
        }
    }

    [Fact(Timeout = 30_000)]
    public async Task Tokens_are_counted_over_all_requests_and_the_context_after_the_last()
    {
        UsageDetails first = new() { InputTokenCount = 100, CachedInputTokenCount = 0, OutputTokenCount = 10 };
        UsageDetails second = new() { InputTokenCount = 130, CachedInputTokenCount = 110, OutputTokenCount = 5 };
        ScriptedProvider provider = new(
            Reply(Call("c1", "bash", new { command = "true" }), new UsageContent(first)), Reply(new TextContent("x"), new UsageContent(second)));
        await using SessionFixture fixture = new(provider);

        TurnStatistics statistics = (await RunAsync(fixture, "Go")).Statistics;

        (statistics.InputTokens, statistics.CachedTokens, statistics.OutputTokens, statistics.ContextTokens).ShouldBe((230, 110, 15, 135));
    }

    [Fact(Timeout = 30_000)]
    public async Task Handlers_may_change_the_input_block_a_call_and_change_a_result()
    {
        ScriptedProvider provider = new(
            Reply(Call("c1", "write", new { path = "a", content = "x" }), Call("c2", "bash", new { command = "echo secret" })),
            Reply(new TextContent("Done.")));
        await using SessionFixture fixture = new(provider);
        fixture.On<InputReceived>(e => e.Text = e.Text.ToUpperInvariant());
        fixture.On<ToolCalling>(e => e.BlockReason = e.Name == "write" ? "nothing may be written." : null);
        fixture.On<ToolCompleted>(e => e.Result = e.Result with { Text = e.Result.Text.Replace("secret", "***", StringComparison.Ordinal) });

        await RunAsync(fixture, "go");

        provider.Requests[0][1].Text.ShouldBe("GO");
        provider.Requests[1][^1].Contents.OfType<FunctionResultContent>().Select(result => result.Result)
            .ShouldBe(["Error: nothing may be written.", "***\n"]);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_handler_that_fails_before_a_request_fails_the_turn_without_sending()
    {
        ScriptedProvider provider = new();
        await using SessionFixture fixture = new(provider);
        fixture.On<RequestSending>(_ => throw new InvalidOperationException("not like this"));

        AgentOutcome outcome = await RunAsync(fixture, "go");

        outcome.Error.ShouldBe("the extension 'spec' failed in RequestSending: not like this");
        provider.Requests.ShouldBeEmpty();
    }

    [Fact(Timeout = 30_000)]
    public async Task A_handler_that_fails_before_a_call_blocks_it_and_elsewhere_changes_nothing()
    {
        ScriptedProvider provider = new(Reply(Call("c1", "write", new { path = "a", content = "x" })), Reply(new TextContent("Done.")));
        await using SessionFixture fixture = new(provider);
        fixture.On<ToolCalling>(_ => throw new InvalidOperationException("broken"));
        fixture.On<ResponseReceived>(_ => throw new InvalidOperationException("broken, too"));

        AgentOutcome outcome = await RunAsync(fixture, "go");

        outcome.End.ShouldBe(AgentEnd.Answered);
        File.Exists(fixture.Folder["a"]).ShouldBeFalse();
    }

    [Fact(Timeout = 30_000)]
    public async Task Pieces_of_a_call_are_shown_before_the_call_is_complete()
    {
        ScriptedProvider provider = new(Fragments, Reply(new TextContent("Done.")));
        await using SessionFixture fixture = new(provider);

        await RunAsync(fixture, "go");

        fixture.Recording.Entries.Take(8).ShouldBe(
        [
            "request",
            "writing 0 bash {\"comm",
            "writing 0  and\":\"true\"}",
            "writing 1 read {\"path\":\"a\"}",
            "written 0 c1 bash {\"command\":\"true\"}",
            "written 1 c2 read {\"path\":\"a\"}",
            "ended Calls",
            "start c1",
        ]);

        static async IAsyncEnumerable<ChatResponseUpdate> Fragments([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.Yield();
            yield return new ChatResponseUpdate { RawRepresentation = new ToolCallFragment(0, "c1", "bash", "{\"comm") };
            yield return new ChatResponseUpdate { RawRepresentation = new ToolCallFragment(0, null, null, "and\":\"true\"}") };
            yield return new ChatResponseUpdate { RawRepresentation = new ToolCallFragment(1, "c2", "read", "{\"path\":\"a\"}") };
            yield return new ChatResponseUpdate(ChatRole.Assistant, [Call("c1", "bash", new { command = "true" })]);
            yield return new ChatResponseUpdate(ChatRole.Assistant, [Call("c2", "read", new { path = "a" })]);
        }
    }

    private static async Task<AgentOutcome> RunAsync(SessionFixture fixture, string input, CancellationToken? cancellationToken = null)
    {
        await fixture.Session.ChooseModelAsync(null, TestContext.Current.CancellationToken);
        return await fixture.Session.RunAsync(input, cancellationToken ?? TestContext.Current.CancellationToken);
    }
}

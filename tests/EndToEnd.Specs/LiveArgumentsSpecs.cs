using System.Text.Json;
using Ds4Provider;
using EndToEnd.Specs.Processes;
using Microsoft.Extensions.AI;

namespace EndToEnd.Specs;

/// <summary>Tool arguments stream while they are generated, through the real chain.</summary>
[Collection("processes")]
public sealed class LiveArgumentsSpecs
{
    [Fact(Timeout = 300_000)]
    public async Task Argument_fragments_arrive_before_the_call_and_add_up_to_it()
    {
        await using StateHome home = new(graceSeconds: 1, TestContext.Current.CancellationToken);
        using IDisposable entered = home.Enter();
        await using Ds4Runtime ds4 = await Ds4Runtime.StartAsync(Ds4Model.DemoId, cancellationToken: TestContext.Current.CancellationToken);
        using IChatClient chat = ds4.CreateChatClient();
        List<string> fragments = [];
        FunctionCallContent? call = null;
        int fragmentsBeforeTheCall = 0;

        await foreach (ChatResponseUpdate update in chat.GetStreamingResponseAsync(
            [new(ChatRole.System, AgentPrompt.System), new(ChatRole.User, "Create hello.txt with the text Hello from ds4")],
            new ChatOptions { Tools = [.. AgentPrompt.Tools] }, TestContext.Current.CancellationToken))
        {
            if (update.TryGetToolCallUpdate(out Ds4ToolCallUpdate? fragment))
                fragments.Add(fragment.ArgumentsFragment);
            if (update.Contents.OfType<FunctionCallContent>().FirstOrDefault() is { } whole)
                (call, fragmentsBeforeTheCall) = (whole, fragments.Count);
        }

        call.ShouldNotBeNull().Name.ShouldBe("write");
        fragmentsBeforeTheCall.ShouldBeGreaterThan(5);
        using JsonDocument arguments = JsonDocument.Parse(string.Concat(fragments));
        arguments.RootElement.GetProperty("path").GetString().ShouldBe("hello.txt");
        call.Arguments.ShouldNotBeNull()["content"]!.ToString().ShouldBe(arguments.RootElement.GetProperty("content").GetString());
    }
}

using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Ds4Provider.Specs.Chat;

public sealed class FunctionInvocationSpecs
{
    [Fact(Timeout = 20_000)]
    public async Task The_pipeline_runs_tools_with_live_arguments_and_a_clean_history()
    {
        int requests = 0;
        await using ChatWorld world = await ChatWorld.CreateAsync(context => Interlocked.Increment(ref requests) == 1
            ? Sse.SendAsync(
                context, Sse.Progress("""{"phase":"queued"}"""), Sse.Reasoning("add"), Sse.CallStart(0, "call_1", "add"),
                Sse.CallPiece(0, """{"a":2,"""), Sse.CallPiece(0, """ "b":3}"""), Sse.Finish("tool_calls"), Sse.Usage(), Sse.Done)
            : Sse.SendAsync(context, Sse.Text("It is 5."), Sse.Finish(), Sse.Usage(), Sse.Done));
        IChatClient pipeline = world.Client.AsBuilder().UseFunctionInvocation().Build();
        List<ChatMessage> history = [new(ChatRole.User, "2+3?")];
        var options = new ChatOptions { Tools = [AIFunctionFactory.Create((int a, int b) => a + b, "add")] };

        List<ChatResponseUpdate> updates = await pipeline.GetStreamingResponseAsync(history, options, TimesUp).ToListAsync(TimesUp);
        history.AddMessages(updates);

        string.Concat(updates.Select(update => update.TryGetToolCallUpdate(out Ds4ToolCallUpdate? piece) ? piece.ArgumentsFragment : ""))
            .ShouldBe("""{"a":2, "b":3}""");
        history.Select(message => message.Role.Value).ShouldBe(["user", "assistant", "tool", "assistant"]);
        history[1].Contents.Select(content => content.GetType().Name).ShouldBe(["TextReasoningContent", "FunctionCallContent"]);
        history[3].Text.ShouldBe("It is 5.");
        // Nothing of ours is in the way of saving and loading a conversation.
        string saved = JsonSerializer.Serialize(history, AIJsonUtilities.DefaultOptions);
        JsonSerializer.Deserialize<List<ChatMessage>>(saved, AIJsonUtilities.DefaultOptions)!.Count.ShouldBe(4);

        JsonElement second = world.Server.Requests.Last().Json.GetProperty("messages");
        second.EnumerateArray().Select(message => message.GetProperty("role").GetString()).ShouldBe(["user", "assistant", "tool"]);
        second[1].GetProperty("reasoning_content").GetString().ShouldBe("add");
        second[1].GetProperty("tool_calls")[0].GetProperty("function").GetProperty("arguments").GetString().ShouldBe("""{"a":2,"b":3}""");
        second[2].GetProperty("content").GetString().ShouldBe("5");
        second[2].GetProperty("tool_call_id").GetString().ShouldBe("call_1");
    }

    [Fact(Timeout = 20_000)]
    public async Task A_loaded_conversation_gives_the_same_request()
    {
        await using ChatWorld world = await ChatWorld.CreateAsync(context => Sse.SendAsync(context, Sse.Text("x"), Sse.Finish(), Sse.Done));
        List<ChatMessage> history =
        [
            new(ChatRole.User, "q"),
            new(ChatRole.Assistant, [new TextReasoningContent("r"), new FunctionCallContent("c", "f", new Dictionary<string, object?> { ["x"] = 1.5, ["y"] = "é" })]),
            new(ChatRole.Tool, [new FunctionResultContent("c", new Dictionary<string, object?> { ["n"] = 1 })]),
        ];
        List<ChatMessage> loaded = JsonSerializer.Deserialize<List<ChatMessage>>(
            JsonSerializer.Serialize(history, AIJsonUtilities.DefaultOptions), AIJsonUtilities.DefaultOptions)!;

        await world.Client.GetResponseAsync(history, cancellationToken: TimesUp);
        await world.Client.GetResponseAsync(loaded, cancellationToken: TimesUp);

        world.Server.Requests.Last().Body.ShouldBe(world.Server.Requests.First().Body);
    }
}

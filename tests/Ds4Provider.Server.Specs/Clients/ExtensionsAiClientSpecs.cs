using System.ClientModel;
using System.Text.Json;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;

namespace Ds4Provider.Server.Specs.Clients;

/// <summary>Microsoft.Extensions.AI on top of OpenAI's chat client talks to the server on a real port.</summary>
public sealed class ExtensionsAiClientSpecs
{
    [Fact(Timeout = 60_000)]
    public async Task A_tool_call_is_streamed_with_its_usage()
    {
        await using TestServer server = await TestServer.StartAsync(
            new ScriptedModel().Replies(new Script().Think("Hm.").Say("I look.").Call("read", ("path", "a"))));
        using IChatClient client = await ConnectAsync(server);

        List<ChatResponseUpdate> updates = [];
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("Hi", Options()))
            updates.Add(update);
        var response = updates.ToChatResponse();

        updates.Count(update => update.Text.Length > 0).ShouldBeGreaterThan(1);
        response.Text.ShouldBe("I look.");
        FunctionCallContent call = response.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>().Single();
        call.Exception.ShouldBeNull();
        call.Name.ShouldBe("read");
        ((JsonElement)call.Arguments!["path"]!).GetString().ShouldBe("a");
        UsageDetails usage = response.Usage.ShouldNotBeNull();
        usage.InputTokenCount.ShouldNotBeNull().ShouldBeGreaterThan(0);
        usage.OutputTokenCount.ShouldNotBeNull().ShouldBeGreaterThan(10);
        usage.ReasoningTokenCount.ShouldBe(3);
        usage.TotalTokenCount.ShouldBe(usage.InputTokenCount + usage.OutputTokenCount);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_tool_is_invoked_and_its_result_is_the_only_thing_that_is_evaluated()
    {
        var model = new ScriptedModel().Replies(
            new Script().Think("Hm.").Call("read", ("path", "a")), new Script().Think("I see.").Say("It says: content of a"));
        await using TestServer server = await TestServer.StartAsync(model);
        using IChatClient client = (await ConnectAsync(server)).AsBuilder().UseFunctionInvocation().Build();

        ChatResponse response = await client.GetStreamingResponseAsync("Hi", Options()).ToChatResponseAsync();

        response.Text.ShouldBe("It says: content of a");
        model.Prefills.Count.ShouldBe(2);
        response.Usage!.CachedInputTokenCount.ShouldNotBeNull().ShouldBeGreaterThan(model.Prefills.First());
    }

    private static ChatOptions Options() => new()
    {
        Tools = [AIFunctionFactory.Create((string path) => $"content of {path}", "read", "Reads a file")],
    };

    private static async Task<IChatClient> ConnectAsync(TestServer server)
    {
        var options = new OpenAIClientOptions { Endpoint = new Uri(await ClientPort.OpenAsync(server), "/v1") };
        return new ChatClient("demo", new ApiKeyCredential(ClientPort.Key), options).AsIChatClient();
    }
}

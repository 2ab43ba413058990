using System.Text.Json;
using Anthropic;
using Anthropic.Models.Messages;
using Ds4Provider.Server.Hosting;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;

namespace Ds4Provider.Server.Specs.Clients;

/// <summary>Anthropic's own client talks to the server on a real port, and checks every answer against its schema.</summary>
public sealed class AnthropicClientSpecs
{
    [Fact(Timeout = 60_000)]
    public async Task A_message_is_read_whole()
    {
        await using TestServer server = await TestServer.StartAsync(
            new ScriptedModel().Replies(new Script().Think("Hm.").Say("I look.").Call("read", ("path", "a"))));
        using AnthropicClient client = await ConnectAsync(server);

        Message message = await client.Messages.Create(Request());

        message.Validate();
        message.Content.Count.ShouldBe(3);
        message.Content[0].TryPickThinking(out ThinkingBlock? thinking).ShouldBeTrue();
        thinking!.Thinking.ShouldBe("Hm.");
        message.Content[1].TryPickText(out TextBlock? text).ShouldBeTrue();
        text!.Text.ShouldBe("I look.");
        message.Content[2].TryPickToolUse(out ToolUseBlock? call).ShouldBeTrue();
        call!.Input["path"].GetString().ShouldBe("a");
        message.StopReason!.Value().ShouldBe(StopReason.ToolUse);
        message.Usage.OutputTokens.ShouldBeGreaterThan(10);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_stream_is_read_event_by_event_with_signs_of_life_between_them()
    {
        var model = new ScriptedModel { BeforeTile = () => Thread.Sleep(50) };
        await using TestServer server = await TestServer.StartAsync(
            model.Replies(new Script().Think("Hm.").Say("I look.").Call("read", ("path", "a"))),
            new ServerLimits { KeepAlive = TimeSpan.FromMilliseconds(20) });
        using AnthropicClient client = await ConnectAsync(server);

        var text = "";
        var json = "";
        var stops = 0;
        string? reason = null;
        await foreach (RawMessageStreamEvent e in client.Messages.CreateStreaming(Request()))
        {
            if (e.TryPickContentBlockDelta(out RawContentBlockDeltaEvent? delta))
            {
                if (delta!.Delta.TryPickText(out TextDelta? piece))
                    text += piece!.Text;
                if (delta.Delta.TryPickInputJson(out InputJsonDelta? arguments))
                    json += arguments!.PartialJson;
            }
            if (e.TryPickContentBlockStop(out _))
                stops++;
            if (e.TryPickDelta(out RawMessageDeltaEvent? end))
                reason = end!.Delta.StopReason!.Raw();
        }

        text.ShouldBe("I look.");
        JsonElement.Parse(json).GetProperty("path").GetString().ShouldBe("a");
        stops.ShouldBe(3);
        reason.ShouldBe("tool_use");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_refusal_is_an_exception_of_its_kind_and_tokens_are_counted()
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel());
        using AnthropicClient client = await ConnectAsync(server);

        var refusal = await Should.ThrowAsync<Anthropic.Exceptions.AnthropicNotFoundException>(
            () => client.Messages.Create(Request() with { Model = "gpt-9" }));
        MessageTokensCount count = await client.Messages.CountTokens(new MessageCountTokensParams
        {
            Model = "demo", Messages = [new UserMessageParam("Hi")],
        });

        refusal.Message.ShouldContain("gpt-9");
        count.InputTokens.ShouldBe(6);
    }

    private static MessageCreateParams Request() => new()
    {
        Model = "demo",
        MaxTokens = 1000,
        Messages = [new UserMessageParam("Hi")],
        Tools =
        [
            new Tool
            {
                Name = "read",
                InputSchema = new InputSchema { Properties = new Dictionary<string, JsonElement> { ["path"] = JsonElement.Parse("""{"type":"string"}""") } },
            },
        ],
    };

    private static async Task<AnthropicClient> ConnectAsync(TestServer server) => new()
    {
        BaseUrl = (await ClientPort.OpenAsync(server)).ToString().TrimEnd('/'), ApiKey = ClientPort.Key, ResponseValidation = true, MaxRetries = 0,
    };
}

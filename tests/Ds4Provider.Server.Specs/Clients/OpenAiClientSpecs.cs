using System.ClientModel;
using System.Text;
using System.Text.Json;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Models;
using OpenAI.Responses;

namespace Ds4Provider.Server.Specs.Clients;

/// <summary>OpenAI's own clients talk to the server on a real port.</summary>
public sealed class OpenAiClientSpecs
{
    private const string Parameters = """{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}""";

    [Fact(Timeout = 60_000)]
    public async Task A_chat_completion_is_read_whole_and_streamed()
    {
        static Script Script() => new Script().Think("Hm.").Say("I look.").Call("read", ("path", "a"));
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel().Replies(Script(), Script()));
        ChatClient client = new("demo", Credential(), new OpenAIClientOptions { Endpoint = await EndpointAsync(server) });
        var options = new ChatCompletionOptions { Tools = { ChatTool.CreateFunctionTool("read", "Reads", BinaryData.FromString(Parameters)) } };

        ChatCompletion whole = await client.CompleteChatAsync([new UserChatMessage("Hi")], options);
        var text = new StringBuilder();
        var arguments = new StringBuilder();
        ChatFinishReason? reason = null;
        await foreach (StreamingChatCompletionUpdate update in client.CompleteChatStreamingAsync([new UserChatMessage("Hi")], options))
        {
            foreach (ChatMessageContentPart part in update.ContentUpdate)
                text.Append(part.Text);
            foreach (StreamingChatToolCallUpdate call in update.ToolCallUpdates)
                arguments.Append(call.FunctionArgumentsUpdate);
            reason = update.FinishReason ?? reason;
        }

        whole.Content[0].Text.ShouldBe("I look.");
        whole.FinishReason.ShouldBe(ChatFinishReason.ToolCalls);
        whole.Usage.OutputTokenDetails.ReasoningTokenCount.ShouldBe(3);
        text.ToString().ShouldBe("I look.");
        arguments.ToString().ShouldBe(whole.ToolCalls[0].FunctionArguments.ToString());
        reason.ShouldBe(ChatFinishReason.ToolCalls);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_response_is_read_whole_and_streamed()
    {
        static Script Script() => new Script().Think("Hm.").Say("I look.").Call("read", ("path", "a"));
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel().Replies(Script(), Script()));
        var client = new ResponsesClient(Credential(), new ResponsesClientOptions { Endpoint = await EndpointAsync(server) });
        CreateResponseOptions Options() => new("demo", [ResponseItem.CreateUserMessageItem("Hi")])
        {
            Tools = { new FunctionTool("read", BinaryData.FromString(Parameters), strictModeEnabled: false) },
            ReasoningOptions = new ResponseReasoningOptions { ReasoningSummaryVerbosity = ResponseReasoningSummaryVerbosity.Auto },
        };

        ResponseResult whole = await client.CreateResponseAsync(Options());
        CreateResponseOptions streamed = Options();
        streamed.StreamingEnabled = true;
        var text = new StringBuilder();
        var arguments = new StringBuilder();
        ResponseResult? last = null;
        await using AsyncStreamingResult<StreamingResponseUpdate> updates = await client.CreateResponseStreamingAsync(streamed);
        await foreach (StreamingResponseUpdate update in updates)
        {
            switch (update)
            {
                case StreamingResponseOutputTextDeltaUpdate delta:
                    text.Append(delta.Delta);
                    break;
                case StreamingResponseFunctionCallArgumentsDeltaUpdate delta:
                    arguments.Append(delta.Delta);
                    break;
                case StreamingResponseCompletedUpdate completed:
                    last = completed.Response;
                    break;
            }
        }

        foreach (ResponseResult response in (ResponseResult[])[whole, last.ShouldNotBeNull()])
        {
            response.Status.ShouldBe(ResponseStatus.Completed);
            response.OutputItems.Count.ShouldBe(3);
            ((ReasoningResponseItem)response.OutputItems[0]).SummaryParts.Count.ShouldBe(1);
            ((FunctionCallResponseItem)response.OutputItems[2]).FunctionName.ShouldBe("read");
            response.Usage.OutputTokenDetails.ReasoningTokenCount.ShouldBe(3);
        }
        text.ToString().ShouldBe("I look.");
        JsonElement.Parse(arguments.ToString()).GetProperty("path").GetString().ShouldBe("a");
    }

    [Fact(Timeout = 60_000)]
    public async Task Models_are_listed_and_refusals_are_exceptions_with_a_status()
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel());
        var options = new OpenAIClientOptions { Endpoint = await EndpointAsync(server) };

        OpenAIModel model = await new OpenAIModelClient(Credential(), options).GetModelAsync("demo");
        var refusal = await Should.ThrowAsync<ClientResultException>(
            () => new ChatClient("gpt-9", Credential(), options).CompleteChatAsync([new UserChatMessage("Hi")]));

        model.Id.ShouldBe("demo");
        refusal.Status.ShouldBe(404);
        refusal.Message.ShouldContain("gpt-9");
    }

    private static ApiKeyCredential Credential() => new(ClientPort.Key);

    private static async Task<Uri> EndpointAsync(TestServer server) => new(await ClientPort.OpenAsync(server), "/v1");
}

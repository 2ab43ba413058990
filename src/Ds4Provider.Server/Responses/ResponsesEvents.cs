using System.Text.Json;
using Ds4Provider.Engine.Replies;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Streaming;
using Ds4Provider.Wire.Chat;
using Ds4Provider.Wire.Responses;

namespace Ds4Provider.Server.Responses;

/// <summary>
/// A response as events: created, each item from added to done, then completed, incomplete or failed;
/// <c>response.in_progress</c> as sign of life.
/// </summary>
internal sealed class ResponsesEvents : IReplyEvents, IBlockSink
{
    private readonly EventStream stream;
    private readonly ResponsesReply begun;
    private readonly ResponsesItems items;
    private readonly ReplyBlocks blocks;
    private int sequence;

    public ResponsesEvents(EventStream stream, ResponsesReply begun, ResponsesItems items)
    {
        this.stream = stream;
        this.begun = begun;
        this.items = items;
        blocks = new ReplyBlocks(this);
    }

    public void Start(int? promptTokens)
    {
        Write(Event("response.created") with { Response = begun });
        Write(Event("response.in_progress") with { Response = begun });
    }

    public void SignOfLife(ChatProgress? progress) => Write(Event("response.in_progress") with { Response = begun, Ds4 = progress });

    public void Add(ReplyEvent replyEvent) => blocks.Add(replyEvent);

    public void End(ReplyEnd end)
    {
        blocks.End(end.Reason, textNeeded: false);
        ResponsesReply ended = ResponsesForm.Ended(begun, blocks, items, end);
        Write(Event($"response.{ended.Status}") with { Response = ended });
    }

    /// <summary>What was begun ends first, so that no client waits for the rest of an item.</summary>
    public void Fail(ChatError error)
    {
        blocks.End(FinishReason.Length, textNeeded: false);
        string code = error.Code is "context_length_exceeded" ? error.Code : error.Type == "invalid_request_error" ? "invalid_prompt" : "server_error";
        Write(Event("response.failed") with
        {
            Response = begun with
            {
                Status = "failed", Error = new ResponsesError(code, error.Message), Output = [.. blocks.All.Select(items.Whole)],
            },
        });
    }

    public void Begin(ReplyBlock block)
    {
        Write(Of("response.output_item.added", block) with { ItemId = null, Item = items.Empty(block) });
        if (block.Kind != BlockKind.Call)
            Write(OfPart(PartName(block) + ".added", block) with { Part = items.EmptyPart(block) });
    }

    public void Append(ReplyBlock block, string piece)
    {
        if (block.Kind != BlockKind.Call)
            Write(OfPart(TextName(block) + ".delta", block) with { Delta = piece, Logprobs = LogprobsOf(block) });
        else if (items.Called(block).Kind == CalledKind.Function)
            Write(Of("response.function_call_arguments.delta", block) with { Delta = piece });
    }

    public void End(ReplyBlock block)
    {
        if (block.Kind == BlockKind.Call)
            EndCall(block);
        else
            EndText(block);
        Write(Of("response.output_item.done", block) with { ItemId = null, Item = items.Whole(block) });
    }

    private void EndText(ReplyBlock block)
    {
        Write(OfPart(TextName(block) + ".done", block) with { Text = block.Content, Logprobs = LogprobsOf(block) });
        Write(OfPart(PartName(block) + ".done", block) with { Part = items.Part(block) });
    }

    private void EndCall(ReplyBlock block)
    {
        CalledTool tool = items.Called(block);
        switch (tool.Kind)
        {
            case CalledKind.Function:
                Write(Of("response.function_call_arguments.done", block) with { Name = tool.Name, Arguments = block.Content });
                break;
            case CalledKind.Custom:
                // The text is inside the JSON of the call, so it is known only now.
                string input = ResponsesItems.CustomInput(block.Content);
                Write(Of("response.custom_tool_call_input.delta", block) with { Delta = input });
                Write(Of("response.custom_tool_call_input.done", block) with { Input = input });
                break;
        }
    }

    private string TextName(ReplyBlock block) =>
        block.Kind == BlockKind.Text ? "response.output_text"
        : items.Summarised ? "response.reasoning_summary_text"
        : "response.reasoning_text";

    private string PartName(ReplyBlock block) =>
        IsSummary(block) ? "response.reasoning_summary_part" : "response.content_part";

    private bool IsSummary(ReplyBlock block) => block.Kind == BlockKind.Reasoning && items.Summarised;

    private static IReadOnlyList<JsonElement>? LogprobsOf(ReplyBlock block) => block.Kind == BlockKind.Text ? [] : null;

    private ResponsesEvent OfPart(string type, ReplyBlock block) =>
        IsSummary(block) ? Of(type, block) with { SummaryIndex = 0 } : Of(type, block) with { ContentIndex = 0 };

    private ResponsesEvent Of(string type, ReplyBlock block) => Event(type) with { OutputIndex = block.Index, ItemId = items.IdOf(block) };

    private ResponsesEvent Event(string type) => new(type, sequence++);

    private void Write(ResponsesEvent value) => stream.Write(value.Type, value, ApiJson.Responses.ResponsesEvent);
}

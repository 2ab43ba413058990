using System.Text.Json;
using Ds4Provider.Engine.Replies;
using Ds4Provider.Server.Generation;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Streaming;
using Ds4Provider.Wire.Messages;

namespace Ds4Provider.Server.Messages;

/// <summary>Blocks of a reply as JSON of the messages API.</summary>
internal static class MessagesProjection
{
    private static readonly JsonElement NoInput = ApiJson.Value("{}");
    private static readonly MessagesCaller Direct = new("direct");

    /// <summary>A block that has begun.</summary>
    public static MessagesBlock Empty(ReplyBlock block) => block.Kind switch
    {
        BlockKind.Reasoning => new MessagesBlock("thinking") { Thinking = "", Signature = "" },
        BlockKind.Text => new MessagesBlock("text") { Text = "" },
        _ => new MessagesBlock("tool_use")
        {
            Id = CallIds.ToMessages(block.CallId), Name = block.Name, Input = NoInput, Caller = Direct,
        },
    };

    /// <summary>A block that has ended.</summary>
    /// <param name="block">The block.</param>
    /// <param name="signature">Signature of reasoning. Nobody checks it, but clients drop reasoning without one.</param>
    public static MessagesBlock Whole(ReplyBlock block, string signature) => block.Kind switch
    {
        BlockKind.Reasoning => Empty(block) with { Thinking = block.Content, Signature = signature },
        BlockKind.Text => Empty(block) with { Text = block.Content },
        _ => Empty(block) with { Input = ApiJson.Value(block.Content) },
    };

    /// <summary>A piece of a block.</summary>
    public static MessagesDelta Delta(ReplyBlock block, string piece) => block.Kind switch
    {
        BlockKind.Reasoning => new MessagesDelta("thinking_delta") { Thinking = piece },
        BlockKind.Text => new MessagesDelta("text_delta") { Text = piece },
        _ => new MessagesDelta("input_json_delta") { PartialJson = piece },
    };

    public static string Reason(ReplyEnd end) => end.Reason switch
    {
        FinishReason.Stop => end.StopString is null ? "end_turn" : "stop_sequence",
        FinishReason.Length => "max_tokens",
        FinishReason.ToolCalls => "tool_use",
        _ => throw new ArgumentOutOfRangeException(nameof(end), end.Reason, "Unknown reason."),
    };

    public static MessagesUsage Usage(GenerationUsage usage) => new(usage.Prompt - usage.Cached, 0, usage.Cached, usage.Completion)
    {
        OutputTokensDetails = new MessagesOutputDetails(usage.Reasoning),
    };
}

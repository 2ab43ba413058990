using System.Text.Json;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Streaming;
using Ds4Provider.Wire.Responses;

namespace Ds4Provider.Server.Responses;

/// <summary>Blocks of a reply as items of the output.</summary>
/// <param name="tools">What called names stand for.</param>
/// <param name="random">Random part of the reply's id; the items' ids are made of it.</param>
/// <param name="summarised">Whether reasoning goes out as a summary, or as content.</param>
internal sealed class ResponsesItems(ResponsesTools tools, string random, bool summarised)
{
    /// <summary>Whether reasoning goes out as a summary.</summary>
    public bool Summarised => summarised;

    public string IdOf(ReplyBlock block) => $"{Prefix(block)}_{random}{block.Index}";

    public CalledTool Called(ReplyBlock block) => tools.Called(block.Name);

    /// <summary>An item that has begun.</summary>
    public ResponsesItem Empty(ReplyBlock block) => block.Kind switch
    {
        BlockKind.Reasoning => new ResponsesItem(IdOf(block), "reasoning", "in_progress") { Summary = [] },
        BlockKind.Text => new ResponsesItem(IdOf(block), "message", "in_progress") { Role = "assistant", Content = [] },
        _ => Call(block, "in_progress", ""),
    };

    /// <summary>An item that has ended.</summary>
    public ResponsesItem Whole(ReplyBlock block)
    {
        ResponsesItem item = Empty(block) with { Status = block.IsCut ? "incomplete" : "completed" };
        return block.Kind switch
        {
            BlockKind.Reasoning => summarised ? item with { Summary = [Part(block)] } : item with { Content = [Part(block)] },
            BlockKind.Text => item with { Content = [Part(block)] },
            _ => Call(block, item.Status, block.Content),
        };
    }

    /// <summary>The one part of an item of text.</summary>
    public ResponsesPart Part(ReplyBlock block) => Part(block, block.Content);

    public ResponsesPart EmptyPart(ReplyBlock block) => Part(block, "");

    /// <summary>The text that a custom tool is given; a call of another shape is given as it is.</summary>
    public static string CustomInput(string arguments)
    {
        JsonElement value = ApiJson.Value(arguments);
        return value.ValueKind == JsonValueKind.Object
            && value.TryGetProperty(ResponsesTools.CustomInput, out JsonElement input) && input.ValueKind == JsonValueKind.String
            ? input.GetString()!
            : arguments;
    }

    private ResponsesPart Part(ReplyBlock block, string text) =>
        block.Kind == BlockKind.Text ? new ResponsesPart("output_text", text) { Annotations = [], Logprobs = [] }
        : new ResponsesPart(summarised ? "summary_text" : "reasoning_text", text);

    private ResponsesItem Call(ReplyBlock block, string status, string arguments)
    {
        CalledTool tool = Called(block);
        var item = new ResponsesItem(IdOf(block), "function_call", status) { CallId = block.CallId, Name = tool.Name, Namespace = tool.Namespace };
        return tool.Kind switch
        {
            CalledKind.Custom => item with { Type = "custom_tool_call", Input = arguments.Length == 0 ? "" : CustomInput(arguments) },
            CalledKind.Search => item with
            {
                Type = "tool_search_call", Name = null, Execution = "client", Arguments = ApiJson.Value(arguments.Length == 0 ? "{}" : arguments),
            },
            _ => item with { Arguments = JsonSerializer.SerializeToElement(arguments, ApiJson.Responses.String) },
        };
    }

    private string Prefix(ReplyBlock block) => block.Kind switch
    {
        BlockKind.Reasoning => "rs",
        BlockKind.Text => "msg",
        _ => Called(block).Kind switch
        {
            CalledKind.Custom => "ctc",
            CalledKind.Search => "tsc",
            _ => "fc",
        },
    };
}

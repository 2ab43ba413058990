using System.Text.Json;
using Ds4Provider.Engine.Prompting;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Requests;

namespace Ds4Provider.Server.Responses;

/// <summary>
/// Reads the items of a responses request. The parts of one turn of the model are items of their own here: reasoning,
/// message and calls are put together again. Used once.
/// </summary>
internal sealed class ResponsesInput(ResponsesTools tools)
{
    private readonly List<ConversationMessage> messages = [];
    private AssistantMessage? turn;

    public IReadOnlyList<ConversationMessage> Parse(JsonField instructions, JsonField input)
    {
        if (instructions.OptionalString() is { Length: > 0 } system)
            messages.Add(new SystemMessage(system));
        int first = messages.Count;
        if (input.Value.ValueKind == JsonValueKind.String)
            messages.Add(new UserMessage(input.String()));
        else
            foreach (JsonField item in input.Value.ValueKind == JsonValueKind.Array ? input.Items() : throw input.Unexpected("a string or an array of items"))
                ParseItem(item);
        EndTurn();
        return messages.Count > first ? messages : throw input.Refuse("at least one item is needed.");
    }

    private void ParseItem(JsonField item)
    {
        item.Object();
        JsonField type = item["type"];
        switch (type.OptionalString() ?? "message")
        {
            case "message":
                ParseMessage(item);
                break;
            case "reasoning":
                ParseReasoning(item);
                break;
            case "function_call":
                AddCall(item, ResponsesTools.Join(item["namespace"].OptionalString(), item["name"].String()), Arguments(item["arguments"]));
                break;
            case "custom_tool_call":
                AddCall(item, ResponsesTools.Join(item["namespace"].OptionalString(), item["name"].String()), CustomArguments(item["input"]));
                break;
            case "tool_search_call":
                AddCall(item, ResponsesTools.Search, Arguments(item["arguments"]));
                break;
            case "local_shell_call":
                AddCall(item, "local_shell", Arguments(item["action"]));
                break;
            case "function_call_output" or "custom_tool_call_output" or "local_shell_call_output":
                AddResult(item, item["output"]);
                break;
            case "tool_search_output":
                tools.AddFound(item["tools"]);
                AddResult(item, item["output"].IsAbsent ? item["tools"] : item["output"]);
                break;

            // What a hosted tool did, or a compaction that only the hosted service can read.
            case "web_search_call" or "file_search_call" or "code_interpreter_call" or "image_generation_call"
                or "mcp_call" or "mcp_list_tools" or "compaction" or "context_compaction":
                break;
            case "item_reference":
                throw type.Refuse("nothing is stored here; send the item itself.", "unsupported_parameter");
            case string other:
                throw type.Refuse($"items of the type '{other}' are not known.", "unsupported_parameter");
        }
    }

    private void ParseMessage(JsonField item)
    {
        JsonField role = item["role"];
        JsonField content = item["content"];
        switch (role.OptionalString() ?? "user")
        {
            case "assistant":
                if (turn is { Text.Length: > 0 } or { Calls.Count: > 0 })
                    EndTurn();
                turn = (turn ?? new AssistantMessage("")) with { Text = TextParts.Parse(content, separator: "") };
                break;
            case "user":
                Add(new UserMessage(TextParts.Parse(content, TextParts.BetweenParts)));
                break;
            case "system":
                Add(new SystemMessage(TextParts.Parse(content, TextParts.BetweenParts)));
                break;
            case "developer":
                Add(new DeveloperMessage(TextParts.Parse(content, TextParts.BetweenParts)));
                break;
            default:
                throw role.Unexpected("'user', 'assistant', 'system' or 'developer'");
        }
    }

    private void ParseReasoning(JsonField item)
    {
        EndTurn();
        string content = TextParts.Parse(item["content"], "\n");
        string summary = TextParts.Parse(item["summary"], "\n");
        turn = new AssistantMessage("") { Reasoning = content.Length > 0 ? content : summary.Length > 0 ? summary : null };
    }

    private void AddCall(JsonField item, string name, string arguments)
    {
        JsonField id = item["call_id"].IsAbsent ? item["id"] : item["call_id"];
        turn ??= new AssistantMessage("");
        turn = turn with { Calls = [.. turn.Calls, new AssistantCall(id.OptionalString(), name, arguments)] };
    }

    private void AddResult(JsonField item, JsonField output)
    {
        string text = output.Value.ValueKind == JsonValueKind.Object || output.Path == $"{item.Path}.tools"
            ? output.Value.GetRawText()
            : TextParts.Parse(output, TextParts.BetweenParts);
        Add(new ToolMessage(item["call_id"].OptionalString() ?? item["id"].OptionalString(), text));
    }

    private void Add(ConversationMessage message)
    {
        EndTurn();
        messages.Add(message);
    }

    /// <summary>Reasoning that nothing follows is a turn that was cut; the model is shown it as it is.</summary>
    private void EndTurn()
    {
        if (turn is { } ended && (ended.Reasoning is not null || ended.Text.Length > 0 || ended.Calls.Count > 0))
            messages.Add(ended);
        turn = null;
    }

    private static string Arguments(JsonField arguments) => arguments.Value.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null => "{}",
        JsonValueKind.Object => arguments.Value.GetRawText(),
        _ => arguments.String() is { Length: > 0 } json ? json : "{}",
    };

    private static string CustomArguments(JsonField input) =>
        $$"""{"{{ResponsesTools.CustomInput}}":{{JsonSerializer.Serialize(input.String(), ApiJson.Responses.String)}}}""";
}

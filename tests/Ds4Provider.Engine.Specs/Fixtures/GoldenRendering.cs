using System.Text.Json;
using Ds4Provider.Engine.Prompting;

namespace Ds4Provider.Engine.Specs.Fixtures;

/// <summary>A conversation, its prompt and its tokens, as another program rendered them.</summary>
internal sealed record GoldenRendering(string Title, Conversation Conversation, string Text, int[] Tokens, bool EndsWithAssistant)
{
    public static IReadOnlyList<GoldenRendering> All { get; } = Read();

    private static IReadOnlyList<GoldenRendering> Read()
    {
        var document = JsonDocument.Parse(File.ReadAllText(RepositoryFiles.Of("native", "demo", "reference", "rendering.json")));
        return [.. document.RootElement.EnumerateArray().Select(Read)];
    }

    private static GoldenRendering Read(JsonElement golden)
    {
        var messages = golden.GetProperty("messages").EnumerateArray().Select(Message).ToList();
        var tools = golden.GetProperty("tools");
        var conversation = new Conversation(messages)
        {
            Tools = tools.ValueKind == JsonValueKind.Null ? [] : [.. tools.EnumerateArray().Select(tool => tool.GetProperty("function"))],
            Thinking = golden.GetProperty("thinking").GetString() switch
            {
                "off" => ThinkingMode.Off,
                "on" => ThinkingMode.On,
                _ => ThinkingMode.Maximum,
            },
        };
        return new GoldenRendering(
            golden.GetProperty("title").GetString()!,
            conversation,
            golden.GetProperty("text").GetString()!,
            [.. golden.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())],
            messages[^1] is AssistantMessage);
    }

    private static ConversationMessage Message(JsonElement message) => message.GetProperty("role").GetString() switch
    {
        "system" => new SystemMessage(Content(message)),
        "user" => new UserMessage(Content(message)),
        "tool" => new ToolMessage(Optional(message, "tool_call_id"), Content(message)),
        _ => new AssistantMessage(Content(message))
        {
            Reasoning = Optional(message, "reasoning_content"),
            Calls = message.TryGetProperty("tool_calls", out var calls) && calls.ValueKind == JsonValueKind.Array
                ? [.. calls.EnumerateArray().Select(Call)]
                : [],
        },
    };

    private static AssistantCall Call(JsonElement call) => new(
        Optional(call, "id"),
        call.GetProperty("function").GetProperty("name").GetString()!,
        call.GetProperty("function").GetProperty("arguments").GetString()!);

    private static string Content(JsonElement message) =>
        !message.TryGetProperty("content", out var content) || content.ValueKind == JsonValueKind.Null ? ""
        : content.ValueKind == JsonValueKind.String ? content.GetString()!
        : string.Join("\n\n", content.EnumerateArray().Select(part => part.TryGetProperty("text", out var text)
            ? text.GetString()
            : $"[Unsupported {part.GetProperty("type").GetString()}]"));

    private static string? Optional(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) ? value.GetString() : null;
}

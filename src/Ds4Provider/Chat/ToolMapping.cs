using System.Text.Json;
using Ds4Provider.Wire.Chat;
using Microsoft.Extensions.AI;

namespace Ds4Provider.Chat;

/// <summary>Tools and the choice among them.</summary>
internal static class ToolMapping
{
    /// <exception cref="NotSupportedException">A tool is not a function that the caller runs.</exception>
    public static IReadOnlyList<ChatTool>? Map(IList<AITool>? tools) => tools is null or { Count: 0 } ? null : [.. tools.Select(Map)];

    public static JsonElement? Map(ChatToolMode? mode) => mode switch
    {
        null => null,
        NoneChatToolMode => ChatRequestJson.Element("none"),
        AutoChatToolMode => ChatRequestJson.Element("auto"),
        RequiredChatToolMode { RequiredFunctionName: { } name } => ChatRequestJson.Element(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("type", "function");
            writer.WriteStartObject("function");
            writer.WriteString("name", name);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }),
        RequiredChatToolMode => ChatRequestJson.Element("required"),
        _ => throw new NotSupportedException($"The tool mode {mode.GetType().Name} is not known."),
    };

    private static ChatTool Map(AITool tool) => tool is AIFunctionDeclaration function
        ? new ChatTool { Type = "function", Function = Describe(function) }
        : throw new NotSupportedException(
            $"The tool '{tool.Name}' ({tool.GetType().Name}) runs on a provider's servers; ds4 offers functions only.");

    private static JsonElement Describe(AIFunctionDeclaration function) => ChatRequestJson.Element(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("name", function.Name);
        if (!string.IsNullOrEmpty(function.Description))
            writer.WriteString("description", function.Description);
        writer.WritePropertyName("parameters");
        writer.WriteRawValue(function.JsonSchema.GetRawText()); // As it stands: the model was trained on schemas in this form.
        if (function.AdditionalProperties.TryGetValue("strict", out object? strict) && strict is bool value)
            writer.WriteBoolean("strict", value);
        writer.WriteEndObject();
    });
}

using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Ds4Provider.Chat;

/// <summary>What a model reads of a tool's result.</summary>
internal static class ToolResultText
{
    /// <summary>Text as it is, anything else as JSON.</summary>
    /// <exception cref="NotSupportedException">The result holds something that is neither.</exception>
    public static string Of(FunctionResultContent result, int messageIndex) => result.Result switch
    {
        null => result.Exception is { } error ? $"Error: {error.Message}" : "",
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } element => element.GetString()!,
        AIContent content => TextOf(content, messageIndex),
        IEnumerable<AIContent> contents => string.Concat(contents.Select(content => TextOf(content, messageIndex))),
        var other => ChatRequestJson.Text(writer => ToolArguments.WriteValue(writer, other)),
    };

    private static string TextOf(AIContent content, int messageIndex) =>
        content is TextContent text ? text.Text : throw MessageMapping.Unsupported(content, messageIndex);
}

using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace AgentHost;

/// <summary>A tool that the model may call.</summary>
/// <param name="Name">Name that the model uses.</param>
/// <param name="Description">What it does, for the model.</param>
/// <param name="Schema">JSON Schema of its arguments, an object; sent with its properties in this order.</param>
/// <param name="ExecuteAsync">Runs a call. Calls of one reply run at the same time.</param>
public sealed record ToolDefinition(
    string Name, string Description, JsonElement Schema, Func<ToolCall, CancellationToken, ValueTask<ToolResult>> ExecuteAsync)
{
    /// <summary>Makes a tool of a function.</summary>
    /// <param name="function">The function; its result is given to the model as text, or as JSON when it is not a string.</param>
    public static ToolDefinition From(AIFunction function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new ToolDefinition(function.Name, function.Description, function.JsonSchema, async (call, cancellationToken) =>
        {
            AIFunctionArguments arguments = [];
            foreach (JsonProperty property in call.Arguments.EnumerateObject())
                arguments[property.Name] = property.Value;
            object? result = await function.InvokeAsync(arguments, cancellationToken).ConfigureAwait(false);
            return new ToolResult(TextOf(result));
        });
    }

    private static string TextOf(object? result) => result switch
    {
        null => "",
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } json => json.GetString()!,
        JsonElement { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } => "",
        JsonElement json => Compact(json),
        _ => result.ToString() ?? "",
    };

    // The element may carry line breaks and indentation, which would only cost tokens.
    private static string Compact(JsonElement json)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            json.WriteTo(writer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}

/// <summary>A call of a tool.</summary>
/// <param name="Id">The call's id.</param>
/// <param name="Arguments">An object. Not checked against the schema: the model may have left something out.</param>
public sealed record ToolCall(string Id, JsonElement Arguments)
{
    /// <summary>Shows to people how far the call is, such as a command's output so far. Not sent to the model.</summary>
    public IProgress<string>? Output { get; init; }
}

/// <summary>What a tool answers.</summary>
/// <param name="Text">Text for the model.</param>
/// <param name="IsError">The call failed; the text says why.</param>
public sealed record ToolResult(string Text, bool IsError = false)
{
    /// <summary>A few words for people, e.g. <c>12 lines</c>; null lets the host choose.</summary>
    public string? Summary { get; init; }
}

using System.Globalization;
using System.Text.Json;
using Ds4Provider.Wire.Chat;
using Microsoft.Extensions.AI;

namespace Ds4Provider.Chat;

/// <summary>Options of Microsoft.Extensions.AI as fields of the chat completions API.</summary>
internal static class OptionsMapping
{
    private static readonly string[] Levels = ["off", "none", "minimal", "low", "medium", "high", "xhigh", "max"];

    /// <exception cref="ArgumentException">The thinking level is not one.</exception>
    /// <exception cref="NotSupportedException">A tool is not a function.</exception>
    public static ChatCompletionRequest Map(ChatOptions? options) => new()
    {
        Stream = true,
        StreamOptions = new ChatStreamOptions { IncludeUsage = true },
        Tools = ToolMapping.Map(options?.Tools),
        ToolChoice = ToolMapping.Map(options?.ToolMode),
        ParallelToolCalls = options?.Tools is { Count: > 0 } ? options.AllowMultipleToolCalls : null,
        MaxCompletionTokens = options?.MaxOutputTokens,
        Temperature = Widen(options?.Temperature),
        TopP = Widen(options?.TopP),
        TopK = options?.TopK,
        MinP = Number(options, "min_p"),
        Seed = options?.Seed,
        Stop = options?.StopSequences is { Count: > 0 } stops ? ChatRequestJson.Element(stops) : null,
        ReasoningEffort = Effort(options),
        ResponseFormat = Format(options?.ResponseFormat),
        Others = Penalties(options),
    };

    // 0.7f is 0.699999988…: the decimal that was meant is the shortest one.
    private static double? Widen(float? value) =>
        value is { } number ? double.Parse(number.ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) : null;

    private static double? Number(ChatOptions? options, string name) =>
        options?.AdditionalProperties is { } properties && properties.TryGetValue(name, out double value) ? value : null;

    private static string? Effort(ChatOptions? options)
    {
        // The exact level, where a host knows more of them than the abstraction.
        if (options?.AdditionalProperties is { } properties && properties.TryGetValue("thinking_level", out string? level) && level is not null)
        {
            if (!Levels.Contains(level))
                throw new ArgumentException($"AdditionalProperties[\"thinking_level\"] is '{level}'; known are {string.Join(", ", Levels)}.", nameof(options));
            return level == "off" ? "none" : level;
        }
        return options?.Reasoning?.Effort switch
        {
            ReasoningEffort.None => "none",
            ReasoningEffort.Low => "low",
            ReasoningEffort.Medium => "medium",
            ReasoningEffort.High => "high",
            ReasoningEffort.ExtraHigh => "xhigh",
            _ => null,
        };
    }

    private static JsonElement? Format(ChatResponseFormat? format) => format switch
    {
        ChatResponseFormatJson { Schema: null } => ChatRequestJson.Element(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("type", "json_object");
            writer.WriteEndObject();
        }),
        ChatResponseFormatJson { Schema: { } schema } json => ChatRequestJson.Element(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("type", "json_schema");
            writer.WriteStartObject("json_schema");
            writer.WriteString("name", json.SchemaName ?? "reply");
            if (json.SchemaDescription is not null)
                writer.WriteString("description", json.SchemaDescription);
            writer.WritePropertyName("schema");
            writer.WriteRawValue(schema.GetRawText());
            writer.WriteEndObject();
            writer.WriteEndObject();
        }),
        _ => null,
    };

    // Sent rather than dropped: a server that does not honour them says so.
    private static Dictionary<string, JsonElement>? Penalties(ChatOptions? options)
    {
        var others = new Dictionary<string, JsonElement>();
        if (Widen(options?.FrequencyPenalty) is { } frequency)
            others["frequency_penalty"] = ChatRequestJson.Element(frequency);
        if (Widen(options?.PresencePenalty) is { } presence)
            others["presence_penalty"] = ChatRequestJson.Element(presence);
        return others.Count > 0 ? others : null;
    }
}

using System.Text.Json;
using Ds4Provider.Engine.Prompting;
using Ds4Provider.Server.Http;

namespace Ds4Provider.Server.Chat;

/// <summary>
/// How much the model is to think: on, unless a field says otherwise. <c>thinking</c> (a boolean, or DeepSeek's and
/// Anthropic's object), <c>think</c> and <c>reasoning_effort</c> may stand together; whoever says off wins.
/// </summary>
internal static class ChatThinking
{
    public static ThinkingMode Parse(JsonField body)
    {
        JsonField effort = body["reasoning_effort"];
        ThinkingMode asked = effort.OptionalString() switch
        {
            null or "minimal" or "low" or "medium" or "high" or "xhigh" => ThinkingMode.On,
            "none" => ThinkingMode.Off,
            "max" => ThinkingMode.Maximum,
            _ => throw effort.Unexpected("'none', 'minimal', 'low', 'medium', 'high', 'xhigh' or 'max'"),
        };
        bool on = IsOn(body["thinking"]) && (body["think"].OptionalBoolean() ?? true);
        return on ? asked : ThinkingMode.Off;
    }

    private static bool IsOn(JsonField thinking)
    {
        if (thinking.IsAbsent)
            return true;
        if (thinking.Value.ValueKind != JsonValueKind.Object)
            return thinking.Value.ValueKind is JsonValueKind.True or JsonValueKind.False
                ? thinking.Value.GetBoolean()
                : throw thinking.Unexpected("true, false or an object with a 'type'");
        JsonField type = thinking["type"];
        return type.OptionalString() switch
        {
            null or "enabled" or "adaptive" => true,
            "disabled" => false,
            _ => throw type.Unexpected("'enabled', 'disabled' or 'adaptive'"),
        };
    }
}

using System.Text.Json;
using Ds4Provider.Engine.Prompting;
using Ds4Provider.Server.Catalog;
using Ds4Provider.Server.Http;

namespace Ds4Provider.Server.Requests;

/// <summary>
/// How much the model is to think: on, unless a field or the model's alias says otherwise. A switch and an effort may
/// stand together; whoever says off wins. Budgets are hints and are not read.
/// </summary>
internal static class ThinkingFields
{
    /// <summary>Joins what the fields say.</summary>
    /// <param name="effort">See <see cref="ParseEffort"/>.</param>
    /// <param name="on">See <see cref="ParseSwitch"/>.</param>
    /// <param name="model">Model as the request named it; an alias decides when the fields do not.</param>
    public static ThinkingMode Combine(ThinkingMode? effort, bool? on, string model)
    {
        if (effort == ThinkingMode.Off || on == false)
            return ThinkingMode.Off;
        return effort ?? (on is null ? ModelNames.ThinkingOf(model) : null) ?? ThinkingMode.On;
    }

    public static ThinkingMode? ParseEffort(JsonField effort) => effort.OptionalString() switch
    {
        null => null,
        // The model knows two efforts; xhigh asks for less than the maximum.
        "minimal" or "low" or "medium" or "high" or "xhigh" => ThinkingMode.On,
        "none" => ThinkingMode.Off,
        "max" => ThinkingMode.Maximum,
        _ => throw effort.Unexpected("'none', 'minimal', 'low', 'medium', 'high', 'xhigh' or 'max'"),
    };

    /// <summary>Reads <c>thinking</c>: a boolean, or DeepSeek's and Anthropic's object.</summary>
    public static bool? ParseSwitch(JsonField thinking)
    {
        if (thinking.IsAbsent)
            return null;
        if (thinking.Value.ValueKind != JsonValueKind.Object)
            return thinking.Value.ValueKind is JsonValueKind.True or JsonValueKind.False
                ? thinking.Value.GetBoolean()
                : throw thinking.Unexpected("true, false or an object with a 'type'");
        JsonField type = thinking["type"];
        return type.OptionalString() switch
        {
            null => null,
            "enabled" or "adaptive" => true,
            "disabled" => false,
            _ => throw type.Unexpected("'enabled', 'disabled' or 'adaptive'"),
        };
    }
}

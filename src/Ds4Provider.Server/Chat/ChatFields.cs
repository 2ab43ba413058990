using System.Collections.Frozen;
using System.Text.Json;
using Ds4Provider.Server.Http;

namespace Ds4Provider.Server.Chat;

/// <summary>
/// What becomes of every field of a chat request. Three answers only: it is honoured; it cannot change the reply and is
/// ignored; it would change the reply, cannot be honoured, and is refused by name. Fields that nobody knows are ignored.
/// </summary>
internal static class ChatFields
{
    private const string NotYet = "this server does not constrain replies yet";

    private static readonly FrozenDictionary<string, Rule> Rules = new Dictionary<string, Rule>
    {
        ["model"] = Rule.Honoured,
        ["messages"] = Rule.Honoured,
        ["tools"] = Rule.Honoured,
        ["tool_choice"] = Rule.Unless(IsFreeChoice, $"only 'auto' and 'none' are served; {NotYet}."),
        ["parallel_tool_calls"] = Rule.Unless(IsNot(JsonValueKind.False), $"the number of calls cannot be limited; {NotYet}."),
        ["max_tokens"] = Rule.Honoured,
        ["max_completion_tokens"] = Rule.Honoured,
        ["temperature"] = Rule.Honoured,
        ["top_p"] = Rule.Honoured,
        ["top_k"] = Rule.Honoured,
        ["min_p"] = Rule.Honoured,
        ["seed"] = Rule.Honoured,
        ["stop"] = Rule.Honoured,
        ["stream"] = Rule.Honoured,
        ["stream_options"] = Rule.Honoured,
        ["thinking"] = Rule.Honoured,
        ["think"] = Rule.Honoured,
        ["reasoning_effort"] = Rule.Honoured,

        ["n"] = Rule.Unless(IsNumber(1), "only one reply is generated; leave it out or send 1."),
        ["logprobs"] = Rule.Unless(IsNot(JsonValueKind.True), "log probabilities are not returned."),
        ["top_logprobs"] = Rule.Unless(IsNumber(0), "log probabilities are not returned."),
        ["logit_bias"] = Rule.Unless(IsEmpty, "single tokens cannot be biased."),
        ["presence_penalty"] = Rule.Unless(IsNumber(0), "penalties are not applied; leave it out or send 0."),
        ["frequency_penalty"] = Rule.Unless(IsNumber(0), "penalties are not applied; leave it out or send 0."),
        ["repetition_penalty"] = Rule.Unless(IsNumber(1), "penalties are not applied; leave it out or send 1."),
        ["response_format"] = Rule.Unless(IsTextFormat, $"only the type 'text' is served; {NotYet}."),
        ["functions"] = Rule.Unless(IsEmpty, "this old field is not read; send 'tools'."),
        ["function_call"] = Rule.Unless(_ => false, "this old field is not read; send 'tool_choice'."),
        ["modalities"] = Rule.Unless(IsTextOnly, "the model writes text only."),
        ["audio"] = Rule.Unless(_ => false, "the model writes text only."),
        ["web_search_options"] = Rule.Unless(_ => false, "this server does not search the web; offer a tool instead."),

        // Hints, bookkeeping and caching keys of hosted services.
        ["user"] = Rule.Ignored,
        ["metadata"] = Rule.Ignored,
        ["store"] = Rule.Ignored,
        ["service_tier"] = Rule.Ignored,
        ["prediction"] = Rule.Ignored,
        ["verbosity"] = Rule.Ignored,
        ["safety_identifier"] = Rule.Ignored,
        ["prompt_cache_key"] = Rule.Ignored,
        ["prompt_cache_retention"] = Rule.Ignored,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Refuses the first field that would change the reply and cannot be honoured.</summary>
    /// <exception cref="ApiException">Names the field and what to send instead.</exception>
    public static void Check(JsonField body)
    {
        foreach (JsonProperty property in body.Object().EnumerateObject())
        {
            JsonField field = body.Member(property.Name, property.Value);
            if (!field.IsAbsent && Rules.TryGetValue(property.Name, out Rule? rule) && !rule.Accepts(property.Value))
                throw field.Refuse(rule.Reason, "unsupported_parameter");
        }
    }

    private static bool IsFreeChoice(JsonElement value) =>
        value.ValueKind == JsonValueKind.String && value.GetString() is "auto" or "none";

    private static bool IsTextFormat(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object
        && value.TryGetProperty("type", out JsonElement type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("text");

    private static bool IsTextOnly(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array
        && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String && item.ValueEquals("text"));

    private static bool IsEmpty(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        JsonValueKind.Array => value.GetArrayLength() == 0,
        _ => false,
    };

    private static Func<JsonElement, bool> IsNot(JsonValueKind kind) => value => value.ValueKind != kind;

    private static Func<JsonElement, bool> IsNumber(double number) =>
        value => value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double found) && found == number;

    private sealed record Rule(Func<JsonElement, bool> Accepts, string Reason)
    {
        public static Rule Honoured { get; } = new(_ => true, "");

        public static Rule Ignored { get; } = new(_ => true, "");

        public static Rule Unless(Func<JsonElement, bool> harmless, string reason) => new(harmless, reason);
    }
}

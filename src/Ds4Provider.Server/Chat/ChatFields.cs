using System.Text.Json;
using Ds4Provider.Server.Requests;

namespace Ds4Provider.Server.Chat;

/// <summary>What becomes of every field of a chat request.</summary>
internal static class ChatFields
{
    public static FieldTable Table { get; } = new(new Dictionary<string, FieldRule>
    {
        ["model"] = FieldRule.Honoured,
        ["messages"] = FieldRule.Honoured,
        ["tools"] = FieldRule.Honoured,
        ["tool_choice"] = FieldRule.Honoured,
        ["parallel_tool_calls"] = FieldRule.Honoured,
        ["response_format"] = FieldRule.Honoured,
        ["max_tokens"] = FieldRule.Honoured,
        ["max_completion_tokens"] = FieldRule.Honoured,
        ["temperature"] = FieldRule.Honoured,
        ["top_p"] = FieldRule.Honoured,
        ["top_k"] = FieldRule.Honoured,
        ["min_p"] = FieldRule.Honoured,
        ["seed"] = FieldRule.Honoured,
        ["stop"] = FieldRule.Honoured,
        ["stream"] = FieldRule.Honoured,
        ["stream_options"] = FieldRule.Honoured,
        ["thinking"] = FieldRule.Honoured,
        ["think"] = FieldRule.Honoured,
        ["reasoning_effort"] = FieldRule.Honoured,

        ["n"] = FieldRule.Unless(FieldRule.IsNumber(1), "only one reply is generated; leave it out or send 1."),
        ["logprobs"] = FieldRule.Unless(FieldRule.IsNot(JsonValueKind.True), "log probabilities are not returned."),
        ["top_logprobs"] = FieldRule.Unless(FieldRule.IsNumber(0), "log probabilities are not returned."),
        ["logit_bias"] = FieldRule.Unless(FieldRule.IsEmpty, "single tokens cannot be biased."),
        ["presence_penalty"] = FieldRule.Unless(FieldRule.IsNumber(0), "penalties are not applied; leave it out or send 0."),
        ["frequency_penalty"] = FieldRule.Unless(FieldRule.IsNumber(0), "penalties are not applied; leave it out or send 0."),
        ["repetition_penalty"] = FieldRule.Unless(FieldRule.IsNumber(1), "penalties are not applied; leave it out or send 1."),
        ["functions"] = FieldRule.Unless(FieldRule.IsEmpty, "this old field is not read; send 'tools'."),
        ["function_call"] = FieldRule.Refused("this old field is not read; send 'tool_choice'."),
        ["modalities"] = FieldRule.Unless(FieldRule.IsTextOnly, "the model writes text only."),
        ["audio"] = FieldRule.Refused("the model writes text only."),
        ["web_search_options"] = FieldRule.Refused("this server does not search the web; offer a tool instead."),

        // Hints, bookkeeping and caching keys of hosted services.
        ["user"] = FieldRule.Ignored,
        ["metadata"] = FieldRule.Ignored,
        ["store"] = FieldRule.Ignored,
        ["service_tier"] = FieldRule.Ignored,
        ["prediction"] = FieldRule.Ignored,
        ["verbosity"] = FieldRule.Ignored,
        ["safety_identifier"] = FieldRule.Ignored,
        ["prompt_cache_key"] = FieldRule.Ignored,
        ["prompt_cache_retention"] = FieldRule.Ignored,
    });
}

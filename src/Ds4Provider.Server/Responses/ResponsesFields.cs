using System.Text.Json;
using Ds4Provider.Server.Requests;

namespace Ds4Provider.Server.Responses;

/// <summary>What becomes of every field of a responses request.</summary>
internal static class ResponsesFields
{
    private const string Stateless = "nothing is stored here; send the whole conversation in 'input'.";

    public static FieldTable Table { get; } = new(new Dictionary<string, FieldRule>
    {
        ["model"] = FieldRule.Honoured,
        ["input"] = FieldRule.Honoured,
        ["instructions"] = FieldRule.Honoured,
        ["tools"] = FieldRule.Honoured,
        ["tool_choice"] = FieldRule.Honoured,
        ["parallel_tool_calls"] = FieldRule.Honoured,
        ["text"] = FieldRule.Honoured,
        ["reasoning"] = FieldRule.Honoured,
        ["max_output_tokens"] = FieldRule.Honoured,
        ["max_tokens"] = FieldRule.Honoured,
        ["temperature"] = FieldRule.Honoured,
        ["top_p"] = FieldRule.Honoured,
        ["top_k"] = FieldRule.Honoured,
        ["min_p"] = FieldRule.Honoured,
        ["seed"] = FieldRule.Honoured,
        ["stop"] = FieldRule.Honoured,
        ["stream"] = FieldRule.Honoured,

        ["previous_response_id"] = FieldRule.Refused(Stateless),
        ["conversation"] = FieldRule.Refused(Stateless),
        ["background"] = FieldRule.Unless(FieldRule.IsNot(JsonValueKind.True), "replies are not generated in the background; stream them."),
        ["prompt"] = FieldRule.Refused("no prompts are stored here; send 'instructions' and 'input'."),
        ["include"] = FieldRule.Unless(value => !AsksForLogprobs(value), "log probabilities are not returned."),
        ["top_logprobs"] = FieldRule.Unless(FieldRule.IsNumber(0), "log probabilities are not returned."),

        // Bookkeeping and caching keys of the hosted service. Its truncation drops old items; here a conversation that is
        // too long is refused, whatever is asked. A limit of calls counts hosted tools only.
        ["store"] = FieldRule.Ignored,
        ["truncation"] = FieldRule.Ignored,
        ["max_tool_calls"] = FieldRule.Ignored,
        ["metadata"] = FieldRule.Ignored,
        ["client_metadata"] = FieldRule.Ignored,
        ["stream_options"] = FieldRule.Ignored,
        ["service_tier"] = FieldRule.Ignored,
        ["user"] = FieldRule.Ignored,
        ["safety_identifier"] = FieldRule.Ignored,
        ["prompt_cache_key"] = FieldRule.Ignored,
        ["prompt_cache_retention"] = FieldRule.Ignored,
        ["context_management"] = FieldRule.Ignored,
    });

    private static bool AsksForLogprobs(JsonElement include) =>
        include.ValueKind == JsonValueKind.Array
        && include.EnumerateArray().Any(item => item.ValueKind == JsonValueKind.String && item.ValueEquals("message.output_text.logprobs"));
}

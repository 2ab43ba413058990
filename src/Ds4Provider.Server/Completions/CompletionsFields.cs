using System.Text.Json;
using Ds4Provider.Server.Requests;

namespace Ds4Provider.Server.Completions;

/// <summary>What becomes of every field of a completions request.</summary>
internal static class CompletionsFields
{
    public static FieldTable Table { get; } = new(new Dictionary<string, FieldRule>
    {
        ["model"] = FieldRule.Honoured,
        ["prompt"] = FieldRule.Honoured,
        ["max_tokens"] = FieldRule.Honoured,
        ["temperature"] = FieldRule.Honoured,
        ["top_p"] = FieldRule.Honoured,
        ["top_k"] = FieldRule.Honoured,
        ["min_p"] = FieldRule.Honoured,
        ["seed"] = FieldRule.Honoured,
        ["stop"] = FieldRule.Honoured,
        ["stream"] = FieldRule.Honoured,
        ["stream_options"] = FieldRule.Honoured,

        ["n"] = FieldRule.Unless(FieldRule.IsNumber(1), "only one reply is generated; leave it out or send 1."),
        ["best_of"] = FieldRule.Unless(FieldRule.IsNumber(1), "only one reply is generated; leave it out or send 1."),
        ["echo"] = FieldRule.Unless(FieldRule.IsNot(JsonValueKind.True), "the prompt is not repeated."),
        ["suffix"] = FieldRule.Unless(FieldRule.IsEmpty, "text is continued only at its end."),
        ["logprobs"] = FieldRule.Refused("log probabilities are not returned."),
        ["logit_bias"] = FieldRule.Unless(FieldRule.IsEmpty, "single tokens cannot be biased."),
        ["presence_penalty"] = FieldRule.Unless(FieldRule.IsNumber(0), "penalties are not applied; leave it out or send 0."),
        ["frequency_penalty"] = FieldRule.Unless(FieldRule.IsNumber(0), "penalties are not applied; leave it out or send 0."),

        ["user"] = FieldRule.Ignored,
        ["metadata"] = FieldRule.Ignored,
    });
}

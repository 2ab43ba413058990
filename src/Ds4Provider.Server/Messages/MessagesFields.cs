using Ds4Provider.Server.Requests;

namespace Ds4Provider.Server.Messages;

/// <summary>What becomes of every field of a messages request.</summary>
internal static class MessagesFields
{
    public static FieldTable Table { get; } = new(new Dictionary<string, FieldRule>
    {
        ["model"] = FieldRule.Honoured,
        ["messages"] = FieldRule.Honoured,
        ["system"] = FieldRule.Honoured,
        ["tools"] = FieldRule.Honoured,
        ["tool_choice"] = FieldRule.Honoured,
        ["max_tokens"] = FieldRule.Honoured,
        ["temperature"] = FieldRule.Honoured,
        ["top_p"] = FieldRule.Honoured,
        ["top_k"] = FieldRule.Honoured,
        ["min_p"] = FieldRule.Honoured,
        ["seed"] = FieldRule.Honoured,
        ["stop_sequences"] = FieldRule.Honoured,
        ["stream"] = FieldRule.Honoured,
        ["thinking"] = FieldRule.Honoured,
        ["reasoning_effort"] = FieldRule.Honoured,
        ["output_config"] = FieldRule.Honoured,
        ["output_format"] = FieldRule.Honoured,

        ["mcp_servers"] = FieldRule.Unless(FieldRule.IsEmpty, "this server connects to no MCP server; offer its tools in 'tools'."),
        ["container"] = FieldRule.Refused("this server runs no containers."),

        // Bookkeeping of the hosted service. Context edits run there before the model sees the prompt; here the client's
        // prompt is taken as it is, or refused as too long.
        ["metadata"] = FieldRule.Ignored,
        ["cache_control"] = FieldRule.Ignored,
        ["context_management"] = FieldRule.Ignored,
        ["service_tier"] = FieldRule.Ignored,
        ["betas"] = FieldRule.Ignored,
        ["anthropic_beta"] = FieldRule.Ignored,
        ["anthropic_version"] = FieldRule.Ignored,
        ["inference_geo"] = FieldRule.Ignored,
        ["speed"] = FieldRule.Ignored,
        ["user_profile_id"] = FieldRule.Ignored,
    });
}

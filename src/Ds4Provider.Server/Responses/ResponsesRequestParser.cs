using Ds4Provider.Engine.Constraints;
using Ds4Provider.Engine.Prompting;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Requests;

namespace Ds4Provider.Server.Responses;

/// <summary>Reads the body of a responses request.</summary>
internal static class ResponsesRequestParser
{
    /// <summary>Checks and understands a body; nothing of the result refers to its document.</summary>
    /// <param name="body">The body.</param>
    /// <param name="tools">Receives the tools; knows them again when they are called.</param>
    /// <param name="served">Id of the model that is served.</param>
    /// <param name="temperature">Temperature when the body names none; null = the sampler's default.</param>
    /// <exception cref="ApiException">Names the field that is wrong.</exception>
    public static GenerationRequest Parse(JsonField body, ResponsesTools tools, string served, double? temperature = null)
    {
        string model = ModelField.Parse(body, served);
        ResponsesFields.Table.Check(body);
        JsonField reasoning = Group(body["reasoning"]);
        tools.Add(body["tools"]);
        IReadOnlyList<ConversationMessage> messages = new ResponsesInput(tools).Parse(body["instructions"], body["input"]);
        var free = new ReplyRules
        {
            Tools = tools.Functions.Rules,
            ParallelCalls = body["parallel_tool_calls"].OptionalBoolean() ?? true,
            Response = RuleFields.ParseFormat(Group(body["text"])["format"], nested: null),
        };
        var conversation = new Conversation(messages)
        {
            Tools = tools.Functions.Functions,
            ResponseSchema = RuleFields.Shown(free.Response),
            Thinking = ThinkingFields.Combine(ThinkingFields.ParseEffort(reasoning["effort"]), on: null, model),
        };
        return new GenerationRequest(model, new ConversationPrompt(conversation, "input"))
        {
            Sampling = SamplingFields.Parse(body, temperature),
            MaximumTokens = SamplingFields.ParseMaximum(body, "max_output_tokens", "max_tokens"),
            StopStrings = SamplingFields.ParseStop(body["stop"]),
            Rules = RuleFields.ParseChoice(body["tool_choice"], free, tools.Named),
            SchemaField = tool => tool is null ? "text.format.schema" : tools.Functions.SchemaField(tool),
            MaximumField = "max_output_tokens",
            Stream = body["stream"].OptionalBoolean() ?? false,
        };
    }

    /// <summary>The kind of summary that was asked for; null = reasoning is given as content.</summary>
    public static string? ParseSummary(JsonField reasoning)
    {
        JsonField summary = Group(reasoning)["summary"].IsAbsent ? reasoning["generate_summary"] : reasoning["summary"];
        return summary.OptionalString() switch
        {
            null or "none" => null,
            "auto" or "concise" or "detailed" => summary.String(),
            _ => throw summary.Unexpected("'auto', 'concise' or 'detailed'"),
        };
    }

    private static JsonField Group(JsonField field)
    {
        if (!field.IsAbsent)
            field.Object();
        return field;
    }
}

using Ds4Provider.Engine.Constraints;
using Ds4Provider.Engine.Prompting;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Requests;

namespace Ds4Provider.Server.Messages;

/// <summary>Reads the body of a messages request.</summary>
internal static class MessagesRequestParser
{
    /// <summary>Checks and understands a body; nothing of the result refers to its document.</summary>
    /// <param name="body">The body.</param>
    /// <param name="served">Id of the model that is served.</param>
    /// <param name="temperature">Temperature when the body names none; null = the sampler's default.</param>
    /// <exception cref="ApiException">Names the field that is wrong.</exception>
    public static GenerationRequest Parse(JsonField body, string served, double? temperature = null)
    {
        string model = ModelField.Parse(body, served);
        MessagesFields.Table.Check(body);
        FunctionTools tools = MessagesTools.Parse(body["tools"]);
        JsonField output = body["output_config"];
        if (!output.IsAbsent)
            output.Object();
        JsonField format = output["format"].IsAbsent ? body["output_format"] : output["format"];
        var free = new ReplyRules { Tools = tools.Rules, Response = RuleFields.ParseFormat(format, nested: null) };
        var conversation = new Conversation(MessagesContent.Parse(body["system"], body["messages"]))
        {
            Tools = tools.Functions,
            ResponseSchema = RuleFields.Shown(free.Response),
            Thinking = ThinkingFields.Combine(
                ThinkingFields.ParseEffort(output["effort"]) ?? ThinkingFields.ParseEffort(body["reasoning_effort"]),
                ThinkingFields.ParseSwitch(body["thinking"]), model),
        };
        return new GenerationRequest(model, new ConversationPrompt(conversation, "messages"))
        {
            Sampling = SamplingFields.Parse(body, temperature),
            MaximumTokens = SamplingFields.ParseMaximum(body, "max_tokens"),
            StopStrings = SamplingFields.ParseStop(body["stop_sequences"]),
            Rules = MessagesTools.ParseChoice(body["tool_choice"], free, tools),
            SchemaField = tool => tool is null ? $"{format.Path}.schema" : tools.SchemaField(tool),
            Stream = body["stream"].OptionalBoolean() ?? false,
        };
    }
}

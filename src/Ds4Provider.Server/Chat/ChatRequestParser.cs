using Ds4Provider.Engine.Constraints;
using Ds4Provider.Engine.Prompting;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Requests;

namespace Ds4Provider.Server.Chat;

/// <summary>Reads the body of a chat request.</summary>
internal static class ChatRequestParser
{
    /// <summary>Checks and understands a body; nothing of the result refers to its document.</summary>
    /// <param name="body">The body.</param>
    /// <param name="served">Id of the model that is served.</param>
    /// <param name="temperature">Temperature when the body names none; null = the sampler's default.</param>
    /// <exception cref="ApiException">Names the field that is wrong.</exception>
    public static GenerationRequest Parse(JsonField body, string served, double? temperature = null)
    {
        string model = ModelField.Parse(body, served);
        ChatFields.Table.Check(body);
        FunctionTools tools = ChatTools.Parse(body["tools"]);
        var free = new ReplyRules
        {
            Tools = tools.Rules,
            ParallelCalls = body["parallel_tool_calls"].OptionalBoolean() ?? true,
            Response = RuleFields.ParseFormat(body["response_format"], "json_schema"),
        };
        var conversation = new Conversation(ChatMessages.Parse(body["messages"]))
        {
            Tools = tools.Functions,
            ResponseSchema = RuleFields.Shown(free.Response),
            Thinking = ParseThinking(body, model),
        };
        return new GenerationRequest(model, new ConversationPrompt(conversation, "messages"))
        {
            Sampling = SamplingFields.Parse(body, temperature),
            MaximumTokens = SamplingFields.ParseMaximum(body, "max_tokens", "max_completion_tokens"),
            StopStrings = SamplingFields.ParseStop(body["stop"]),
            Rules = RuleFields.ParseChoice(body["tool_choice"], free, tool => tools.Named(tool["name"])),
            SchemaField = tool => tool is null ? "response_format.json_schema.schema" : tools.SchemaField(tool),
            Stream = body["stream"].OptionalBoolean() ?? false,
        };
    }

    /// <summary>Whether the stream ends with a chunk that carries the usage.</summary>
    public static bool ParseIncludeUsage(JsonField options)
    {
        if (options.IsAbsent)
            return false;
        options.Object();
        return options["include_usage"].OptionalBoolean() ?? false;
    }

    private static ThinkingMode ParseThinking(JsonField body, string model)
    {
        bool? think = body["think"].OptionalBoolean();
        bool? thinking = ThinkingFields.ParseSwitch(body["thinking"]);
        return ThinkingFields.Combine(
            ThinkingFields.ParseEffort(body["reasoning_effort"]), think == false || thinking == false ? false : think ?? thinking, model);
    }
}

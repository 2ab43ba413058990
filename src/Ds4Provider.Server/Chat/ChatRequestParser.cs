using System.Text.Json;
using Ds4Provider.Engine.Prompting;
using Ds4Provider.Engine.Sampling;
using Ds4Provider.Server.Catalog;
using Ds4Provider.Server.Http;

namespace Ds4Provider.Server.Chat;

/// <summary>Reads the body of a chat request.</summary>
internal static class ChatRequestParser
{
    private const int MostStopStrings = 16;

    /// <summary>Checks and understands a body; nothing of the result refers to its document.</summary>
    /// <param name="root">The body.</param>
    /// <param name="served">Id of the model that is served.</param>
    /// <param name="temperature">Temperature when the body names none; null = the sampler's default.</param>
    /// <exception cref="ApiException">Names the field that is wrong.</exception>
    public static ChatRequest Parse(JsonElement root, string served, double? temperature = null)
    {
        var body = new JsonField(root, "");
        body.Object();
        string model = body["model"].OptionalString() ?? served;
        if (!ModelNames.Matches(model, served))
            throw ApiException.NoSuchModel(model, served);
        ChatFields.Check(body);
        IReadOnlyList<JsonElement> tools = ChatTools.Parse(body["tools"]);
        bool callsWanted = body["tool_choice"].OptionalString() != "none";
        return new ChatRequest(model, new Conversation(ChatMessages.Parse(body["messages"]))
        {
            Tools = tools,
            Thinking = ChatThinking.Parse(body),
        })
        {
            Sampling = ParseSampling(body, temperature),
            MaximumTokens = ParseMaximum(body),
            StopStrings = ParseStop(body["stop"]),
            CallsAllowed = tools.Count > 0 && callsWanted,
            Stream = body["stream"].OptionalBoolean() ?? false,
            IncludeUsage = ParseStreamOptions(body["stream_options"]),
        };
    }

    private static SamplingOptions ParseSampling(JsonField body, double? temperature)
    {
        var defaults = new SamplingOptions();
        return new SamplingOptions
        {
            Temperature = body["temperature"].OptionalNumber(0, 2, "a number from 0 to 2") ?? temperature ?? defaults.Temperature,
            TopP = body["top_p"].OptionalNumber(double.Epsilon, 1, "a number above 0 and up to 1") ?? defaults.TopP,
            MinP = body["min_p"].OptionalNumber(0, Math.BitDecrement(1.0), "a number from 0 to below 1") ?? defaults.MinP,
            // Some clients write -1 for "off".
            TopK = Math.Max(0, body["top_k"].OptionalInteger(-1, int.MaxValue) ?? defaults.TopK),
            Seed = body["seed"].OptionalLong(),
        };
    }

    /// <summary>The stricter of the two names.</summary>
    private static int? ParseMaximum(JsonField body)
    {
        int? older = body["max_tokens"].OptionalInteger(1, int.MaxValue);
        int? newer = body["max_completion_tokens"].OptionalInteger(1, int.MaxValue);
        return older is null || newer is null ? newer ?? older : Math.Min(older.Value, newer.Value);
    }

    private static List<string> ParseStop(JsonField stop)
    {
        if (stop.IsAbsent)
            return [];
        List<string> strings = stop.Value.ValueKind switch
        {
            JsonValueKind.String => [stop.String()],
            JsonValueKind.Array => [.. stop.Items().Select(item => item.String())],
            _ => throw stop.Unexpected("a string or an array of strings"),
        };
        strings.RemoveAll(string.IsNullOrEmpty);
        if (strings.Count > MostStopStrings)
            throw stop.Refuse($"has {strings.Count} strings; at most {MostStopStrings} are served.");
        return strings;
    }

    private static bool ParseStreamOptions(JsonField options)
    {
        if (options.IsAbsent)
            return false;
        options.Object();
        return options["include_usage"].OptionalBoolean() ?? false;
    }
}

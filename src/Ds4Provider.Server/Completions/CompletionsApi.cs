using System.Security.Cryptography;
using System.Text.Json;
using Ds4Provider.Server.Chat;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Requests;
using Ds4Provider.Server.Streaming;
using Ds4Provider.Wire.Completions;
using Ds4Provider.Wire.Server;

namespace Ds4Provider.Server.Completions;

/// <summary>
/// <c>POST /v1/completions</c>: text that is continued as it stands, without chat format, reasoning or tools.
/// Thread-safe.
/// </summary>
internal sealed class CompletionsApi(ServerConfiguration configuration, TimeProvider time) : IReplyApi
{
    public string Name => "completions";

    public ApiRequest Read(JsonField body)
    {
        string model = ModelField.Parse(body, configuration.ModelId);
        CompletionsFields.Table.Check(body);
        var request = new GenerationRequest(model, new TextPrompt(ParsePrompt(body["prompt"]), "prompt"))
        {
            Sampling = SamplingFields.Parse(body, configuration.Temperature),
            MaximumTokens = SamplingFields.ParseMaximum(body, "max_tokens"),
            StopStrings = SamplingFields.ParseStop(body["stop"]),
            Stream = body["stream"].OptionalBoolean() ?? false,
        };
        var identity = new TextCompletion(
            "cmpl-" + RandomNumberGenerator.GetHexString(32, lowercase: true), time.GetUtcNow().ToUnixTimeSeconds(), model, []);
        return new ApiRequest(request, new CompletionsForm(identity, ChatRequestParser.ParseIncludeUsage(body["stream_options"])));
    }

    /// <summary>A text, or an array of one. Token ids are refused: control tokens stand only where this server puts them.</summary>
    private static string ParsePrompt(JsonField prompt)
    {
        if (prompt.Value.ValueKind != JsonValueKind.Array)
            return prompt.String();
        JsonField[] texts = [.. prompt.Items()];
        return texts is [JsonField only] ? only.String() : throw prompt.Refuse("one prompt is completed at a time; send a string.", "unsupported_parameter");
    }
}

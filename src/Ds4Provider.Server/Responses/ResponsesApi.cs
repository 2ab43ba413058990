using System.Security.Cryptography;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Requests;
using Ds4Provider.Server.Streaming;
using Ds4Provider.Wire.Responses;
using Ds4Provider.Wire.Server;

namespace Ds4Provider.Server.Responses;

/// <summary><c>POST /v1/responses</c>. Thread-safe.</summary>
internal sealed class ResponsesApi(ServerConfiguration configuration, TimeProvider time) : IReplyApi
{
    public string Name => "responses";

    public ApiRequest Read(JsonField body)
    {
        var tools = new ResponsesTools();
        GenerationRequest request = ResponsesRequestParser.Parse(body, tools, configuration.ModelId, configuration.Temperature);
        string? summary = ResponsesRequestParser.ParseSummary(body["reasoning"]);
        string random = RandomNumberGenerator.GetHexString(32, lowercase: true);
        var reply = new ResponsesReply("resp_" + random, time.GetUtcNow().ToUnixTimeSeconds(), request.Model, "in_progress", [])
        {
            Instructions = body["instructions"].OptionalString(),
            MaxOutputTokens = request.MaximumTokens,
            ParallelToolCalls = request.Rules.ParallelCalls,
            Reasoning = new ResponsesReasoning { Effort = body["reasoning"]["effort"].OptionalString(), Summary = summary },
            Temperature = request.Sampling.Temperature,
            Text = new ResponsesText(new ResponsesTextFormat(body["text"]["format"]["type"].OptionalString() ?? "text")),
            TopP = request.Sampling.TopP,
            ToolChoice = body["tool_choice"].IsAbsent ? ApiJson.Value("\"auto\"") : body["tool_choice"].Value.Clone(),
        };
        return new ApiRequest(request, new ResponsesForm(reply, new ResponsesItems(tools, random, summary is not null)));
    }
}

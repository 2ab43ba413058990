using System.Security.Cryptography;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Requests;
using Ds4Provider.Server.Streaming;
using Ds4Provider.Wire.Server;

namespace Ds4Provider.Server.Messages;

/// <summary><c>POST /v1/messages</c>. Thread-safe.</summary>
internal sealed class MessagesApi(ServerConfiguration configuration) : IReplyApi
{
    public string Name => "messages";

    public ApiRequest Read(JsonField body)
    {
        GenerationRequest request = MessagesRequestParser.Parse(body, configuration.ModelId, configuration.Temperature);
        return new ApiRequest(request, new MessagesForm("msg_" + RandomNumberGenerator.GetHexString(24, lowercase: true), request.Model));
    }
}

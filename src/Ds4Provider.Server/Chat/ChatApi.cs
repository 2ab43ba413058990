using System.Security.Cryptography;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Requests;
using Ds4Provider.Server.Streaming;
using Ds4Provider.Wire.Chat;
using Ds4Provider.Wire.Server;

namespace Ds4Provider.Server.Chat;

/// <summary><c>POST /v1/chat/completions</c>. Thread-safe.</summary>
internal sealed class ChatApi(ServerConfiguration configuration, TimeProvider time) : IReplyApi
{
    public string Name => "chat";

    public ApiRequest Read(JsonField body)
    {
        GenerationRequest request = ChatRequestParser.Parse(body, configuration.ModelId, configuration.Temperature);
        var identity = new ChatCompletionChunk(
            "chatcmpl-" + RandomNumberGenerator.GetHexString(32, lowercase: true), time.GetUtcNow().ToUnixTimeSeconds(), request.Model, []);
        return new ApiRequest(request, new ChatForm(identity, ChatRequestParser.ParseIncludeUsage(body["stream_options"])));
    }
}

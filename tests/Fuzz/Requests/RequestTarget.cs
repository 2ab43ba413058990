using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ds4Provider.Engine;
using Ds4Provider.Server.Chat;
using Ds4Provider.Server.Completions;
using Ds4Provider.Server.Generation;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Messages;
using Ds4Provider.Server.Replay;
using Ds4Provider.Server.Requests;
using Ds4Provider.Server.Responses;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Streaming;
using Ds4Provider.Wire.Server;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fuzz.Requests;

/// <summary>
/// Bodies of every API, damaged as JSON and as bytes: each becomes a job with a prompt and a grammar, or is refused with
/// a status of the client's fault.
/// </summary>
internal sealed class RequestTarget : FuzzTarget
{
    private readonly ServedModel model = ServedModel.Create(new LoadedModel(new ScriptedModel(contextLength: 200_000)), 0);
    private readonly GenerationJobs jobs = new(new SampledTurnStore(10, 100), NullLogger<GenerationJobs>.Instance);
    private readonly (string Path, IReplyApi Api)[] apis;

    public RequestTarget()
    {
        var configuration = new ServerConfiguration("socket", "library", "demo", "model", 0);
        apis =
        [
            ("/v1/chat/completions", new ChatApi(configuration, TimeProvider.System)), ("/v1/messages", new MessagesApi(configuration)),
            ("/v1/responses", new ResponsesApi(configuration, TimeProvider.System)), ("/v1/completions", new CompletionsApi(configuration, TimeProvider.System)),
        ];
    }

    public override string Name => "requests";

    public override ValueTask<string> TryAsync(Random random, FuzzInput input)
    {
        (string path, IReplyApi api) = random.Of(apis);
        byte[] body = Body(random, path);
        input.Is(() => $"{path} {Convert.ToBase64String(body)}\n{Encoding.UTF8.GetString(body)}");
        try
        {
            using JsonDocument document = JsonBody.Parse(body, 128, 1 << 20);
            var root = new JsonField(document.RootElement, "");
            root.Object();
            ApiRequest request = api.Read(root);
            jobs.Create(model, request.Generation, request.Form.Id, CancellationToken.None).Prompt.Length.ShouldBeGreaterThan(0);
            return ValueTask.FromResult("accepted");
        }
        catch (ApiException refusal)
        {
            refusal.Status.ShouldBeInRange(400, 499);
            refusal.Message.ShouldNotBeNullOrWhiteSpace();
            return ValueTask.FromResult("refused");
        }
    }

    public override async ValueTask DisposeAsync()
    {
        model.Engine.Dispose();
        await base.DisposeAsync();
    }

    private static byte[] Body(Random random, string path)
    {
        JsonObject shape = random.Of(RequestShapes.ByPath[random.Once(20) ? random.Of(RequestShapes.ByPath.Keys.ToList()) : path]);
        int kind = random.Next(3);
        byte[] body = Encoding.UTF8.GetBytes((kind == 0 ? shape : Rewriting.Rewrite(random, shape)).ToJsonString());
        return kind == 1 ? body : random.Damage(body, 1 + random.Few(6));
    }
}

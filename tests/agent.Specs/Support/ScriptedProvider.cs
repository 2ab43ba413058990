using System.Runtime.CompilerServices;
using AgentHost;
using Microsoft.Extensions.AI;

namespace Agent.Specs.Support;

/// <summary>A provider whose client answers each request with the next script, and keeps what was sent.</summary>
internal sealed class ScriptedProvider(params ScriptedProvider.Script[] scripts) : IModelProvider
{
    private int next;

    /// <summary>Writes one reply.</summary>
    internal delegate IAsyncEnumerable<ChatResponseUpdate> Script(CancellationToken cancellationToken);

    public string Id => "scripted";

    public string DisplayName => "Scripted";

    public IReadOnlyList<ModelInfo> Models { get; init; } =
        [new ModelInfo("model", "Model") { ThinkingLevels = [ThinkingLevel.Off, ThinkingLevel.High, ThinkingLevel.Max] }];

    public List<IReadOnlyList<ChatMessage>> Requests { get; } = [];

    public List<ChatOptions> Options { get; } = [];

    /// <summary>Fails the preparation of a model, or waits in it.</summary>
    public Func<ModelInfo, PrepareRequest, CancellationToken, ValueTask>? OnPrepare { get; set; }

    public int ClientsDisposed { get; private set; }

    public ValueTask PrepareAsync(ModelInfo model, PrepareRequest request, CancellationToken cancellationToken) =>
        OnPrepare?.Invoke(model, request, cancellationToken) ?? ValueTask.CompletedTask;

    public IChatClient CreateChatClient(ModelInfo model) => new Client(this);

    public bool TryReadUpdate(ChatResponseUpdate update, out StreamDetail detail)
    {
        detail = update.RawRepresentation is ToolCallFragment fragment ? new StreamDetail(fragment, null) : default;
        return detail != default;
    }

    /// <summary>A reply of these parts.</summary>
    public static Script Reply(params AIContent[] contents) => token => PlayAsync(contents, token);

    /// <summary>A reply with text, then nothing more until it is cancelled.</summary>
    public static Script ReplyWithoutEnd(string text) => token => PlayForeverAsync(text, token);

    public static Script Failure(Exception exception) => _ => throw exception;

    public static FunctionCallContent Call(string id, string name, object arguments) => new(
        id, name, System.Text.Json.JsonSerializer.SerializeToElement(arguments).EnumerateObject()
            .ToDictionary(property => property.Name, property => (object?)property.Value));

    private static async IAsyncEnumerable<ChatResponseUpdate> PlayAsync(
        AIContent[] contents, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (AIContent content in contents)
        {
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            yield return new ChatResponseUpdate(ChatRole.Assistant, [content]);
        }
    }

    private static async IAsyncEnumerable<ChatResponseUpdate> PlayForeverAsync(
        string text, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return new ChatResponseUpdate(ChatRole.Assistant, text);
        await Task.Delay(Timeout.Infinite, cancellationToken);
    }

    private sealed class Client(ScriptedProvider provider) : IChatClient
    {
        public Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException("The agent streams.");

        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            provider.Requests.Add([.. messages]);
            provider.Options.Add(options!);
            return provider.NextScript()(cancellationToken);
        }

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose() => provider.ClientsDisposed++;
    }

    private Script NextScript() => next < scripts.Length
        ? scripts[next++]
        : throw new InvalidOperationException($"The script has {scripts.Length} replies, and one more was asked for.");
}

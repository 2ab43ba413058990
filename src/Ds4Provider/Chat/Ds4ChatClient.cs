using System.Runtime.CompilerServices;
using Ds4Provider.Lease;
using Ds4Provider.Telemetry;
using Ds4Provider.Wire.Chat;
using Microsoft.Extensions.AI;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace Ds4Provider.Chat;

/// <summary>
/// A model as <see cref="IChatClient"/>. Holds nothing but names: the runtime owns the lease. Thread-safe.
/// </summary>
internal sealed class Ds4ChatClient(IServerLocator locator, IDs4Runtime runtime, string model, Uri? address, TimeProvider time) : IChatClient
{
    private readonly ChatClientMetadata _metadata = new("ds4", address, model);

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var updates = new List<ChatResponseUpdate>();
        await foreach (ChatResponseUpdate update in GetStreamingResponseAsync(messages, options, cancellationToken).ConfigureAwait(false))
        {
            if (update.RawRepresentation is null)
                updates.Add(update);
        }
        return updates.ToChatResponse();
    }

    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        // Translated before anything starts: what cannot be sent is refused at once, and the caller may reuse its list.
        string wanted = Ds4Model.WireId(options?.ModelId ?? model);
        ChatCompletionRequest request = OptionsMapping.Map(options) with { Messages = MessageMapping.Map(messages, options?.Instructions) };
        bool withReasoning = options?.Reasoning?.Output != ReasoningOutput.None;
        return ObservedReply.FollowAsync(wanted, StreamAsync(wanted, request, withReasoning, cancellationToken), time, cancellationToken);
    }

    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null)
            return null;
        if (serviceType == typeof(ChatClientMetadata))
            return _metadata;
        if (serviceType.IsInstanceOfType(this))
            return this;
        return serviceType.IsInstanceOfType(runtime) ? runtime : null;
    }

    public void Dispose()
    {
        // The runtime outlives its clients.
    }

    private async IAsyncEnumerable<ChatResponseUpdate> StreamAsync(
        string wanted, ChatCompletionRequest request, bool withReasoning, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Also ends the preparation when the caller stops reading in the middle of it.
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            var retries = new RetryPolicy();
            while (true)
            {
                var progress = new ProgressQueue();
                ValueTask<ServerEndpoint> finding = locator.FindAsync(wanted, new Preparation(progress), reading.Token);
                Task<ServerEndpoint> found = finding.AsTask();
                if (!found.IsCompleted)
                {
                    await foreach (Ds4Progress step in progress.ReadUntilAsync(found).ConfigureAwait(false))
                        yield return Ds4ProgressUpdate.Wrap(step);
                }
                ServerEndpoint server = await found.ConfigureAwait(false);

                var reply = new ChatReply(server, ChatRequestJson.Body(request with { Model = server.Model }), new ChunkReader(withReasoning));
                await using (reply.ConfigureAwait(false))
                {
                    while (await reply.NextAsync(reading.Token).ConfigureAwait(false) is { } update)
                        yield return update;
                    if (reply.Broken is null)
                        yield break;
                }
                locator.Forget(server);
                TimeSpan wait = retries.Next(reply.Refused) ?? throw GivenUp(wanted, reply.Broken);
                if (wait > TimeSpan.Zero)
                    await Task.Delay(wait, time, reading.Token).ConfigureAwait(false);
            }
        }
        finally
        {
            await reading.CancelAsync().ConfigureAwait(false);
        }
    }

    private static Ds4UnavailableException GivenUp(string model, Exception cause) => new(
        Ds4UnavailableReason.StartFailed,
        $"The server of {model} went away again before it answered: {cause.Message}",
        "If this request does it every time, the server's log tells more.", cause);
}

using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace Ds4Provider.Telemetry;

/// <summary>Follows one reply from the request to its end, however it ends, and tells spans and metrics of it. No text is recorded.</summary>
internal sealed class ObservedReply : IDisposable
{
    private const string Operation = "chat";

    private readonly string _model;
    private readonly TimeProvider _time;
    private readonly long _begun;
    private readonly Activity? _span;
    private string? _error;
    private bool _isWhole;

    private ObservedReply(string model, TimeProvider time)
    {
        (_model, _time, _begun) = (model, time, time.GetTimestamp());
        _span = Instruments.Source.StartActivity($"{Operation} {model}", ActivityKind.Client);
        foreach ((string key, object? value) in Common())
            _span?.SetTag(key, value);
    }

    /// <summary>Passes a reply through.</summary>
    /// <param name="model">The model that is asked.</param>
    /// <param name="updates">The reply.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async IAsyncEnumerable<ChatResponseUpdate> FollowAsync(
        string model, IAsyncEnumerable<ChatResponseUpdate> updates, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var reply = new ObservedReply(model, time);
        IAsyncEnumerator<ChatResponseUpdate> reading = updates.GetAsyncEnumerator(cancellationToken);
        await using (reading.ConfigureAwait(false))
        {
            while (await reply.MoveAsync(reading).ConfigureAwait(false))
                yield return reading.Current;
        }
    }

    public void Dispose()
    {
        // Whoever stops reading before the end gave up.
        _error ??= _isWhole ? null : "cancelled";
        TagList tags = [.. Common()];
        if (_error is not null)
        {
            tags.Add("error.type", _error);
            _span?.SetTag("error.type", _error);
            _span?.SetStatus(ActivityStatusCode.Error);
        }
        Instruments.Duration.Record(_time.GetElapsedTime(_begun).TotalSeconds, tags);
        _span?.Dispose();
    }

    private async ValueTask<bool> MoveAsync(IAsyncEnumerator<ChatResponseUpdate> reading)
    {
        try
        {
            if (!await reading.MoveNextAsync().ConfigureAwait(false))
            {
                _isWhole = true;
                return false;
            }
        }
        catch (Exception failure)
        {
            _error = failure is OperationCanceledException ? "cancelled" : failure.GetType().FullName;
            throw;
        }
        Note(reading.Current);
        return true;
    }

    private void Note(ChatResponseUpdate update)
    {
        if (update.FinishReason is { } reason)
            _span?.SetTag("gen_ai.response.finish_reasons", new[] { reason.Value });
        foreach (UsageContent usage in update.Contents.OfType<UsageContent>())
        {
            Count("input", usage.Details.InputTokenCount);
            Count("output", usage.Details.OutputTokenCount);
        }
    }

    private void Count(string type, long? tokens)
    {
        if (tokens is not { } count)
            return;
        _span?.SetTag($"gen_ai.usage.{type}_tokens", count);
        Instruments.Tokens.Record(count, [.. Common(), new("gen_ai.token.type", type)]);
    }

    private KeyValuePair<string, object?>[] Common() =>
    [
        new("gen_ai.operation.name", Operation),
        new("gen_ai.provider.name", "ds4"),
        new("gen_ai.request.model", _model),
    ];
}

using System.Threading.Channels;
using Ds4Provider.Engine.Constraints;
using Ds4Provider.Engine.Replies;
using Ds4Provider.Engine.Sampling;
using Ds4Provider.Server.Replay;

namespace Ds4Provider.Server.Generation;

/// <summary>One reply to be generated: what the worker needs, and where the events go.</summary>
internal sealed class GenerationJob
{
    // Unbounded on purpose: a client that reads slowly must not hold a slot. The context bounds it.
    private readonly Channel<ReplyEvent> events =
        Channel.CreateUnbounded<ReplyEvent>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = false });

    private volatile GenerationProgress progress;

    public GenerationJob(ReadOnlyMemory<int> prompt)
    {
        Prompt = prompt;
        progress = new GenerationProgress(GenerationPhase.Queued, 0, prompt.Length, null);
    }

    /// <summary>Id of the reply, for logs.</summary>
    public required string Id { get; init; }

    /// <summary>Tokens of the prompt.</summary>
    public ReadOnlyMemory<int> Prompt { get; }

    /// <summary>Most tokens to generate; the context holds them.</summary>
    public required int MaximumTokens { get; init; }

    public required SamplingOptions Sampling { get; init; }

    public required IReadOnlyList<string> StopStrings { get; init; }

    /// <summary>Whether the generation prompt opened the reasoning.</summary>
    public required bool Thinking { get; init; }

    /// <summary>Whether the conversation's next prompt leaves the reasoning of this reply out.</summary>
    public required bool ReasoningIsDropped { get; init; }

    /// <summary>What the reply must keep: which tools may or must be called, and the format of its text.</summary>
    public required ReplyGrammar Grammar { get; init; }

    /// <summary>Key of the conversation that this reply continues.</summary>
    public required TurnKey History { get; init; }

    /// <summary>Cancelled when the client leaves.</summary>
    public required CancellationToken CancellationToken { get; init; }

    /// <summary>The reply; ends after <see cref="Finished"/>, or with the failure.</summary>
    public ChannelReader<ReplyEvent> Events => events.Reader;

    /// <summary>How far the reply is; written by the worker, read by anyone.</summary>
    public GenerationProgress Progress
    {
        get => progress;
        set => progress = value;
    }

    /// <summary>Tokens read and written; complete once <see cref="Finished"/> was read.</summary>
    public GenerationUsage Usage { get; set; } = new(0, 0, 0, 0);

    /// <summary>Whether what was not evaluated came from the disk; known when the reply begins.</summary>
    public bool IsFromDisk { get; set; }

    /// <summary>The stop string that ended the reply, if one did; set before <see cref="Finished"/> is delivered.</summary>
    public string? MetStopString { get; set; }

    public void Deliver(ReplyEvent replyEvent) => events.Writer.TryWrite(replyEvent);

    public void Complete() => events.Writer.TryComplete();

    public void Fail(Exception failure) => events.Writer.TryComplete(failure);
}

/// <summary>Tokens of one reply.</summary>
/// <param name="Prompt">Tokens of the prompt.</param>
/// <param name="Cached">Of those, how many were not evaluated again.</param>
/// <param name="Completion">Tokens sampled, without the end-of-sentence.</param>
/// <param name="Reasoning">Of those, how many were reasoning.</param>
internal sealed record GenerationUsage(int Prompt, int Cached, int Completion, int Reasoning);

/// <summary>How far a reply is.</summary>
/// <param name="Phase">What happens to it.</param>
/// <param name="Done">Prompt tokens evaluated, cached ones included.</param>
/// <param name="Total">Prompt tokens in all.</param>
/// <param name="Rate">Prompt tokens evaluated per second, once known.</param>
internal sealed record GenerationProgress(GenerationPhase Phase, int Done, int Total, double? Rate);

/// <summary>What happens to a job.</summary>
internal enum GenerationPhase
{
    Queued,
    Prefilling,
    Generating,
}

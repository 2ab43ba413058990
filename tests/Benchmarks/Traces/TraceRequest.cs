using Benchmarks.Traces.Wires;

namespace Benchmarks.Traces;

/// <summary>A request of a trace: what the client sends, what the model answers, and, once it was made, the answer.</summary>
internal sealed class TraceRequest
{
    /// <summary>Name of the client.</summary>
    public required string Client { get; init; }

    /// <summary>Id of the session.</summary>
    public required string Session { get; init; }

    public required RequestKind Kind { get; init; }

    public required IWire Wire { get; init; }

    public required IReadOnlyList<string> System { get; init; }

    public required IReadOnlyList<ToolSchema> Tools { get; init; }

    public required IReadOnlyList<Turn> History { get; init; }

    /// <summary>Whether the client sends reasoning back.</summary>
    public required bool KeepsReasoning { get; init; }

    public required int MaximumTokens { get; init; }

    /// <summary>String that ends the reply.</summary>
    public string? Stop { get; init; }

    /// <summary>Headers that the client adds.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>What the model answers.</summary>
    public required ScriptedReply Script { get; init; }

    /// <summary>Where the client leaves.</summary>
    public Interruption Interruption { get; init; } = Interruption.None;

    /// <summary>The answer; null when the client left.</summary>
    public Answer? Answer { get; set; }

    /// <summary>What the client has of the model's turn.</summary>
    public AssistantTurn Turn => Answer?.Turn ?? throw new InvalidOperationException("The request was not answered.");
}

/// <summary>Why a request is made.</summary>
internal enum RequestKind
{
    /// <summary>The first request of a conversation.</summary>
    First,

    /// <summary>The next request of a conversation.</summary>
    Next,

    /// <summary>The same request again.</summary>
    Retry,

    /// <summary>The same request for another answer.</summary>
    Regenerate,

    /// <summary>The last message of the user was edited.</summary>
    Edit,

    /// <summary>The client will leave.</summary>
    Abort,

    /// <summary>The client has left and goes on with another message.</summary>
    AfterAbort,

    /// <summary>A title for the conversation.</summary>
    Title,

    /// <summary>The work of a sub-agent.</summary>
    SubAgent,

    /// <summary>The history becomes a summary.</summary>
    Summary,
}

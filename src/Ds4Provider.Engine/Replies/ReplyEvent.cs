namespace Ds4Provider.Engine.Replies;

/// <summary>
/// What happens in a reply. Every reply of every API, streamed or not, is a projection of the same list of events.
/// Concatenated argument deltas equal the final arguments; every started call is ended.
/// </summary>
public abstract record ReplyEvent;

/// <summary>A piece of reasoning; never splits a Unicode scalar.</summary>
/// <param name="Text">The piece.</param>
public sealed record ReasoningDelta(string Text) : ReplyEvent;

/// <summary>A piece of the visible text; never splits a Unicode scalar.</summary>
/// <param name="Text">The piece.</param>
public sealed record TextDelta(string Text) : ReplyEvent;

/// <summary>A call begins.</summary>
/// <param name="Index">Its position in the reply, from 0.</param>
/// <param name="Id">Its id, <c>call_…</c>.</param>
/// <param name="Name">Function name.</param>
public sealed record CallStarted(int Index, string Id, string Name) : ReplyEvent;

/// <summary>A piece of a call's arguments.</summary>
/// <param name="Index">The call's position.</param>
/// <param name="Json">A piece of JSON text.</param>
public sealed record ArgumentsDelta(int Index, string Json) : ReplyEvent;

/// <summary>A call's arguments are complete JSON.</summary>
/// <param name="Index">The call's position.</param>
public sealed record CallEnded(int Index) : ReplyEvent;

/// <summary>The reply has ended; the last event.</summary>
/// <param name="Reason">Why.</param>
public sealed record Finished(FinishReason Reason) : ReplyEvent;

/// <summary>Why a reply ended.</summary>
public enum FinishReason
{
    /// <summary>The model ended its turn, or a stop string was met.</summary>
    Stop,

    /// <summary>The token limit or the context's end was reached.</summary>
    Length,

    /// <summary>The model called tools.</summary>
    ToolCalls,
}

using Ds4Provider.Engine.Replies;

namespace Ds4Provider.Server.Generation;

/// <summary>
/// Ends a reply at the first stop string of its visible text. Text that may be the beginning of one is held back until
/// it is decided. Reasoning and arguments pass untouched. Not thread-safe; one per reply.
/// </summary>
internal sealed class StopStrings(IReadOnlyList<string> stops)
{
    private string held = "";

    /// <summary>Whether a stop string was met; the text before it has been passed on and nothing else will be.</summary>
    public bool IsMet => Met is not null;

    /// <summary>The stop string that was met.</summary>
    public string? Met { get; private set; }

    /// <summary>Passes an event on, as far as it is decided.</summary>
    public void Push(ReplyEvent replyEvent, Action<ReplyEvent> deliver)
    {
        if (IsMet)
        {
            if (replyEvent is Finished)
                deliver(new Finished(FinishReason.Stop));
            return;
        }
        if (stops.Count == 0)
        {
            deliver(replyEvent);
        }
        else if (replyEvent is TextDelta { Text: string text })
        {
            Scan(held + text, deliver);
        }
        else
        {
            Release(deliver);
            deliver(replyEvent);
        }
    }

    private void Scan(string text, Action<ReplyEvent> deliver)
    {
        int first = -1;
        foreach (string stop in stops)
        {
            int at = text.IndexOf(stop, StringComparison.Ordinal);
            if (at >= 0 && (first < 0 || at < first))
            {
                first = at;
                Met = stop;
            }
        }
        int decided = IsMet ? first : text.Length - LongestBeginning(text);
        held = IsMet ? "" : text[decided..];
        if (decided > 0)
            deliver(new TextDelta(text[..decided]));
    }

    /// <summary>Length of the longest end of the text that is the beginning of a stop string.</summary>
    private int LongestBeginning(string text)
    {
        int longest = 0;
        foreach (string stop in stops)
        {
            for (int length = Math.Min(stop.Length - 1, text.Length); length > longest; length--)
            {
                if (text.AsSpan().EndsWith(stop.AsSpan(0, length)))
                    longest = length;
            }
        }
        return longest;
    }

    private void Release(Action<ReplyEvent> deliver)
    {
        if (held.Length > 0)
            deliver(new TextDelta(held));
        held = "";
    }
}

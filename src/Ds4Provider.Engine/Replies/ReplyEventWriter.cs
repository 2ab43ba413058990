using System.Text;

namespace Ds4Provider.Engine.Replies;

/// <summary>Joins what one token caused into as few events as their order allows.</summary>
internal sealed class ReplyEventWriter
{
    private readonly StringBuilder _piece = new();
    private ICollection<ReplyEvent> _events = [];
    private Kind _kind;
    private int _call;

    private enum Kind
    {
        Reasoning,
        Text,
        Arguments,
    }

    /// <summary>Directs the following events to <paramref name="events"/>.</summary>
    public void Begin(ICollection<ReplyEvent> events) => _events = events;

    public void Reasoning(ReadOnlySpan<char> piece) => Append(Kind.Reasoning, 0, piece);

    public void Text(ReadOnlySpan<char> piece) => Append(Kind.Text, 0, piece);

    public void Arguments(int call, ReadOnlySpan<char> piece) => Append(Kind.Arguments, call, piece);

    public void Write(ReplyEvent value)
    {
        Flush();
        _events.Add(value);
    }

    /// <summary>Ends the piece at hand.</summary>
    public void Flush()
    {
        if (_piece.Length == 0)
        {
            return;
        }

        var piece = _piece.ToString();
        _piece.Clear();
        _events.Add(_kind switch
        {
            Kind.Reasoning => new ReasoningDelta(piece),
            Kind.Text => new TextDelta(piece),
            _ => new ArgumentsDelta(_call, piece),
        });
    }

    private void Append(Kind kind, int call, ReadOnlySpan<char> piece)
    {
        if (kind != _kind || call != _call)
        {
            Flush();
            _kind = kind;
            _call = call;
        }

        _piece.Append(piece);
    }
}

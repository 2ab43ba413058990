using System.Text;

namespace Agent.Terminal;

/// <summary>A line of the screen: pieces of text with their tones.</summary>
internal sealed record Line(params Span[] Spans)
{
    public static Line Empty { get; } = new();

    public static Line Of(string text, Tone tone = Tone.Normal) => new(new Span(text, tone));

    public int Width => Spans.Sum(span => TextWidth.Of(span.Text));

    public override string ToString() => string.Concat(Spans.Select(span => span.Text));

    /// <summary>The line cut to a width, with an ellipsis where something is missing.</summary>
    public Line Clip(int width)
    {
        if (Width <= width)
            return this;
        List<Span> kept = [];
        int room = width - 1;
        foreach (Span span in Spans)
        {
            string part = TextWidth.Take(span.Text, room);
            kept.Add(span with { Text = part });
            room -= TextWidth.Of(part);
            if (part.Length < span.Text.Length)
                break;
        }
        kept.Add(new Span("…", Tone.Dim));
        return new Line([.. kept]);
    }

    /// <summary>Writes the line with ANSI colours, or without.</summary>
    public void WriteTo(StringBuilder output, bool colours)
    {
        foreach (Span span in Spans)
        {
            string? code = colours ? Code(span.Tone) : null;
            if (code is null)
                output.Append(span.Text);
            else
                output.Append("\e[").Append(code).Append('m').Append(span.Text).Append("\e[0m");
        }
    }

    // Only the sixteen colours that every theme sets, so that it is readable on light and dark grounds.
    private static string? Code(Tone tone) => tone switch
    {
        Tone.Dim => "2",
        Tone.Accent => "36",
        Tone.Good => "32",
        Tone.Bad => "31",
        Tone.Warning => "33",
        Tone.Added => "32",
        Tone.Removed => "31",
        Tone.Strong => "1",
        _ => null,
    };
}

/// <summary>A piece of text in one tone.</summary>
internal readonly record struct Span(string Text, Tone Tone = Tone.Normal);

using AgentHost;

namespace Agent.Terminal;

/// <summary>A step of a provider in one line.</summary>
internal static class ProgressText
{
    private const int BarWidth = 10;

    /// <summary>For a line that changes: with a bar.</summary>
    public static Line Line(ProviderProgress progress)
    {
        List<Span> spans = [new Span(progress.Message.Trim())];
        if (progress.Fraction is { } fraction)
        {
            int full = (int)(fraction * BarWidth);
            spans.Add(new Span("  "));
            spans.Add(new Span(new string('━', full), Tone.Accent));
            spans.Add(new Span(new string('─', BarWidth - full), Tone.Dim));
        }
        string figures = Figures(progress);
        if (figures.Length > 0)
            spans.Add(new Span("  " + figures, Tone.Dim));
        return new Line([.. spans]);
    }

    /// <summary>For a log.</summary>
    public static string Plain(ProviderProgress progress)
    {
        string figures = Figures(progress);
        return figures.Length > 0 ? $"{progress.Message.Trim()} ({figures})" : progress.Message.Trim();
    }

    private static string Figures(ProviderProgress progress)
    {
        List<string> parts = [];
        if (progress.Fraction is { } fraction)
            parts.Add(Numbers.Percent(fraction));
        if (progress is { Done: { } done, Total: { } total })
            parts.Add($"{Part(done, total, progress.Unit)} of {Amount(total, progress.Unit)}");
        else if (progress.Done is { } counted)
            parts.Add(Amount(counted, progress.Unit));
        if (progress.PerSecond is > 0 and var rate)
            parts.Add(Amount(rate, progress.Unit) + "/s");
        if (progress.Remaining is { } remaining)
            parts.Add(Numbers.Duration(remaining) + " left");
        return string.Join(", ", parts);
    }

    private static string Amount(double amount, ProgressUnit unit) => unit switch
    {
        ProgressUnit.Bytes => Numbers.Bytes(amount),
        ProgressUnit.Tokens => Numbers.Count(amount) + " tokens",
        ProgressUnit.Files => Numbers.Count(amount) + " files",
        _ => Numbers.Count(amount),
    };

    /// <summary>The finished part in the unit of the whole, which is written once.</summary>
    private static string Part(long done, long total, ProgressUnit unit) =>
        unit == ProgressUnit.Bytes ? Numbers.BytesOf(done, total) : Numbers.Count(done);
}

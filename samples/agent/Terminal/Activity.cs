using AgentHost;

namespace Agent.Terminal;

/// <summary>What is going on at the moment, in one line that says how long it has taken. Not thread-safe.</summary>
internal sealed class Activity(TimeProvider time)
{
    private static readonly string[] Frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
    private static readonly TimeSpan FrameTime = TimeSpan.FromMilliseconds(100);

    private readonly SortedDictionary<string, ProviderProgress> extensions = new(StringComparer.Ordinal);
    private Func<Line>? text;
    private string phase = "";
    private long since;

    /// <summary>Whether anything is going on.</summary>
    public bool IsBusy => text is not null || extensions.Count > 0;

    /// <summary>The same, without what moves, for a log.</summary>
    public string Plain { get; private set; } = "";

    public void Set(string sentence) => Set(sentence, () => Line.Of(sentence), sentence);

    public void Set(ProviderProgress progress) =>
        Set(progress.Phase.ToString(), () => ProgressText.Line(progress), ProgressText.Plain(progress));

    /// <summary>Something that is described anew whenever it is drawn.</summary>
    public void Set(string kind, Func<string> describe)
    {
        Set(kind, () => Line.Of(describe()), describe());
    }

    public void SetExtension(string key, ProviderProgress? progress)
    {
        if (progress is null)
            extensions.Remove(key);
        else
            extensions[key] = progress;
    }

    public void Clear() => (text, phase, Plain) = (null, "", "");

    /// <param name="width">Columns of the screen.</param>
    /// <param name="hint">How to cancel; shown where there is room.</param>
    public IEnumerable<Line> Render(int width, string? hint)
    {
        foreach (ProviderProgress progress in extensions.Values)
            yield return WithSpinner(ProgressText.Line(progress), elapsed: null).Clip(width);
        if (text is not null)
            yield return WithHint(WithSpinner(text(), time.GetElapsedTime(since)), hint, width);
    }

    public IEnumerable<string> RenderPlain() =>
        [.. extensions.Values.Select(ProgressText.Plain), .. text is null ? Array.Empty<string>() : [Plain]];

    private void Set(string newPhase, Func<Line> render, string plain)
    {
        if (phase != newPhase || text is null)
            since = time.GetTimestamp();
        (phase, text, Plain) = (newPhase, render, plain);
    }

    private static Line WithHint(Line line, string? hint, int width)
    {
        Line hinted = new([.. line.Spans, new Span("  " + hint, Tone.Dim)]);
        return hint is not null && hinted.Width <= width ? hinted : line.Clip(width);
    }

    private Line WithSpinner(Line line, TimeSpan? elapsed)
    {
        long frame = time.GetUtcNow().Ticks / FrameTime.Ticks % Frames.Length;
        List<Span> spans = [new Span(Frames[frame] + " ", Tone.Accent), .. line.Spans];
        if (elapsed is { TotalSeconds: >= 1 })
            spans.Add(new Span("  " + Numbers.Duration(elapsed.Value), Tone.Dim));
        return new Line([.. spans]);
    }
}

using System.Globalization;
using System.Text;
using Agent.Loop;
using AgentHost;

namespace Agent.Terminal;

/// <summary>
/// Shows a turn where lines cannot change: a line per call and per notice, and one about what is going on, at most every
/// two seconds, but never silence.
/// </summary>
internal sealed class PlainDisplay : IAgentDisplay
{
    private static readonly TimeSpan LineTime = TimeSpan.FromSeconds(2);

    /// <summary>When nothing new can be said, saying it less often is enough.</summary>
    private static readonly TimeSpan RepeatTime = TimeSpan.FromSeconds(10);

    private readonly Lock gate = new();
    private readonly TextWriter writer;
    private readonly TimeProvider time;
    private readonly CallRows rows;
    private readonly StringBuilder text = new();
    private readonly Activity activity;
    private readonly ITimer timer;
    private readonly HashSet<string> running = new(StringComparer.Ordinal);
    private string lastActivity = "";
    private long? lastLine;
    private long activitySince;
    private long written;

    public PlainDisplay(TextWriter writer, TimeProvider time)
    {
        this.writer = writer;
        this.time = time;
        rows = new CallRows(time);
        activity = new Activity(time);
        activitySince = time.GetTimestamp();
        timer = time.CreateTimer(_ => Change(ShowActivity), null, LineTime / 4, LineTime / 4);
    }

    public void RequestStarted() => Change(() =>
    {
        rows.Begin();
        text.Clear();
        written = 0;
        activitySince = time.GetTimestamp();
        activity.Set("waiting for the model");
    });

    public void Progress(ProviderProgress progress) => Change(() =>
    {
        // What is being written shows that better, and stays while nothing new of it comes.
        if (progress.Phase == ProgressPhase.Generating)
            return;
        if (progress.Phase == ProgressPhase.Ready)
            activity.Set("waiting for the model");
        else
            activity.Set(progress);
        ShowActivity();
    });

    public void Reasoning(string text) => Change(() => Count("thinking", text));

    public void Text(string text) => Change(() =>
    {
        this.text.Append(text);
        Count("answering", text);
    });

    public void CallWriting(ToolCallFragment fragment) => Change(() =>
    {
        CallRow row = rows.Writing(fragment);
        activity.Set("writing", () => "writing: " + row.Draft);
    });

    public void CallWritten(int index, string callId, string name, string arguments) =>
        Change(() => rows.Written(index, callId, name, arguments));

    public void ReplyEnded(ReplyEnd end) => Change(() =>
    {
        activity.Clear();
        // What the model says before its calls; the answer itself is printed elsewhere.
        if (end == ReplyEnd.Calls)
            WriteLines(text.ToString().Trim());
    });

    public void CallStarted(string callId) => Change(() =>
    {
        if (rows.Find(callId) is not { } row)
            return;
        row.Start();
        running.Add(callId);
        activitySince = time.GetTimestamp();
        Write("> " + row.Title);
        activity.Set("running", () => "running: " + string.Join(" · ", running.Select(id => rows.Find(id)?.Title)));
    });

    public void CallOutput(string callId, string text)
    {
        // The result says it; a log does not need it twice.
    }

    public void CallEnded(string callId, ToolResult result) => Change(() =>
    {
        if (rows.Find(callId) is not { } row)
            return;
        row.End(result);
        running.Remove(callId);
        if (running.Count == 0)
            activity.Clear();
        foreach (Line line in row.Render(int.MaxValue))
            Write(line.ToString());
    });

    public void Notify(string text, Severity severity) => Change(() => WriteLines(text));

    public void SetProgress(string key, ProviderProgress? progress) => Change(() =>
    {
        activity.SetExtension(key, progress);
        ShowActivity();
    });

    public void Settle() => Change(activity.Clear);

    public async ValueTask DisposeAsync()
    {
        await timer.DisposeAsync();
        Settle();
    }

    private void Count(string what, string text)
    {
        written += text.Length;
        activity.Set(what, () => string.Create(CultureInfo.InvariantCulture, $"{what}, {written} characters"));
    }

    private void ShowActivity()
    {
        string text = string.Join(" · ", activity.RenderPlain());
        TimeSpan quiet = lastLine is { } last ? time.GetElapsedTime(last) : TimeSpan.MaxValue;
        if (text.Length == 0 || quiet < (text == lastActivity ? RepeatTime : LineTime))
            return;
        lastActivity = text;
        Write($"… {text} ({Numbers.Duration(time.GetElapsedTime(activitySince))})");
    }

    private void WriteLines(string lines)
    {
        if (lines.Length == 0)
            return;
        foreach (string line in lines.Split('\n'))
            Write(TextWidth.Printable(line));
    }

    private void Write(string line)
    {
        lastLine = time.GetTimestamp();
        writer.WriteLine(line);
        writer.Flush();
    }

    private void Change(Action change)
    {
        lock (gate)
            change();
    }
}

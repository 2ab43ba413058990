using AgentHost;
using Agent.Loop;

namespace Agent.Terminal;

/// <summary>
/// Shows a turn on a terminal: what is finished scrolls away, what changes is drawn anew below, at most thirty times a
/// second and from the latest state, never per token.
/// </summary>
internal sealed class LiveDisplay : IAgentDisplay
{
    private static readonly TimeSpan FrameTime = TimeSpan.FromMilliseconds(34);
    private static readonly TimeSpan SpinnerTime = TimeSpan.FromMilliseconds(100);

    private readonly Lock gate = new();
    private readonly Screen screen;
    private readonly TurnBlocks blocks;
    private readonly Activity activity;
    private readonly string? busyHint;
    private readonly SemaphoreSlim changed = new(0, 1);
    private readonly CancellationTokenSource stop = new();
    private readonly Task drawing;
    private Func<int, PromptLines>? prompt;

    /// <param name="screen">Where it is drawn.</param>
    /// <param name="showsThinking">Whether the text of the model's thinking appears.</param>
    /// <param name="keepsAnswer">Whether the answer stays on the screen; otherwise somebody else prints it.</param>
    /// <param name="busyHint">How to cancel, shown while something runs.</param>
    /// <param name="time">Clock.</param>
    public LiveDisplay(Screen screen, bool showsThinking, bool keepsAnswer, string? busyHint, TimeProvider time)
    {
        this.screen = screen;
        this.busyHint = busyHint;
        blocks = new TurnBlocks(showsThinking, keepsAnswer, time);
        activity = new Activity(time);
        drawing = Task.Run(() => DrawLoopAsync(time));
    }

    public void RequestStarted() => Change(() =>
    {
        blocks.Begin();
        activity.Set("Waiting for the model");
    });

    public void Progress(ProviderProgress progress) => Change(() =>
    {
        // What is being written shows that better, and stays while nothing new of it comes.
        if (progress.Phase == ProgressPhase.Generating)
            return;
        if (progress.Phase == ProgressPhase.Ready)
            activity.Set("Waiting for the model");
        else
            activity.Set(progress);
    });

    public void Reasoning(string text) => Change(() =>
    {
        blocks.Reasoning(text);
        activity.Set("Thinking");
    });

    public void Text(string text) => Change(() =>
    {
        blocks.Text(text);
        activity.Set("Answering");
    });

    public void CallWriting(ToolCallFragment fragment) => Change(() =>
    {
        blocks.CallWriting(fragment);
        activity.Set("Writing a call");
    });

    public void CallWritten(int index, string callId, string name, string arguments) =>
        Change(() => blocks.CallWritten(index, callId, name, arguments));

    public void ReplyEnded(ReplyEnd end) => Change(() =>
    {
        blocks.ReplyEnded(end);
        activity.Clear();
    });

    public void CallStarted(string callId) => Change(() =>
    {
        blocks.Find(callId)?.Start();
        activity.Set("Running");
    });

    public void CallOutput(string callId, string text) => Change(() => blocks.Find(callId)?.Output(text));

    public void CallEnded(string callId, ToolResult result) => Change(() => blocks.Find(callId)?.End(result));

    public void Notify(string text, Severity severity) => Change(() => blocks.Notice(text, severity switch
    {
        Severity.Error => Tone.Bad,
        Severity.Warning => Tone.Warning,
        _ => Tone.Normal,
    }));

    /// <summary>Shows what the person typed.</summary>
    public void Input(string text) => Change(() => blocks.Notice("> " + text.ReplaceLineEndings("\n  "), Tone.Accent, BlockKind.Input));

    /// <summary>Shows the figures of a turn.</summary>
    public void Footer(string text) => Change(() => blocks.Notice(text, Tone.Dim, BlockKind.Footer));

    public void SetProgress(string key, ProviderProgress? progress) => Change(() => activity.SetExtension(key, progress));

    /// <summary>Lines at the bottom with the cursor in them, drawn for a width; null takes them away.</summary>
    public void SetPrompt(Func<int, PromptLines>? lines) => Change(() => prompt = lines);

    /// <summary>Draws again, because the prompt has changed.</summary>
    public void Refresh() => Change(() => { });

    public void Settle()
    {
        lock (gate)
        {
            activity.Clear();
            // The cursor stays hidden: nobody can type until a prompt says where.
            screen.Draw(blocks.TakeSettled(screen.Width), []);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await drawing;
        Settle();
        lock (gate)
            screen.Clear();
        stop.Dispose();
    }

    private void Change(Action change)
    {
        lock (gate)
            change();
        try
        {
            changed.Release();
        }
        catch (SemaphoreFullException)
        {
            // A drawing is due already.
        }
    }

    private async Task DrawLoopAsync(TimeProvider time)
    {
        try
        {
            while (true)
            {
                bool busy;
                lock (gate)
                    busy = activity.IsBusy;
                await changed.WaitAsync(busy ? SpinnerTime : Timeout.InfiniteTimeSpan, stop.Token);
                Draw();
                await Task.Delay(FrameTime, time, stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The display is disposed.
        }
    }

    private void Draw()
    {
        lock (gate)
        {
            int width = screen.Width;
            IReadOnlyList<Line> settled = blocks.TakeSettled(width);
            List<Line> live = [.. blocks.Render(width)];
            // While the person is asked, nothing else seems to go on.
            List<Line> footer = prompt is null ? [.. activity.Render(width, busyHint)] : [];
            PromptLines? lines = prompt?.Invoke(width);
            int room = Math.Max(1, screen.LiveHeight - footer.Count - (lines?.Lines.Count ?? 0));
            if (live.Count > room)
                live.RemoveRange(0, live.Count - room);
            live.AddRange(footer);
            (int, int)? cursor = lines is null ? null : (live.Count + lines.CursorRow, lines.CursorColumn);
            if (lines is not null)
                live.AddRange(lines.Lines);
            screen.Draw(settled, live, cursor);
        }
    }
}

/// <summary>Lines at the bottom of the screen, and where the cursor stands in them.</summary>
internal sealed record PromptLines(IReadOnlyList<Line> Lines, int CursorRow, int CursorColumn);

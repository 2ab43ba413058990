using Agent.Loop;
using Agent.Models;
using Agent.Terminal;
using AgentHost;

namespace Agent.Modes;

/// <summary>A conversation in a terminal.</summary>
internal sealed class InteractiveMode
{
    private static readonly TimeSpan LeaveTime = TimeSpan.FromSeconds(2);

    private readonly AgentSession session;
    private readonly LiveDisplay display;
    private readonly Keyboard keyboard;
    private readonly AgentUi ui;
    private readonly TimeProvider time;
    // Keys come on one thread, drawings on another.
    private readonly Lock editing = new();
    private readonly LineEditor editor = new();
    private readonly SlashCommands commands;
    private readonly TaskCompletionSource leave = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? wantedModel;

    public InteractiveMode(
        AgentSession session, LiveDisplay display, Keyboard keyboard, AgentUi ui, Func<IReadOnlyList<CommandDefinition>> extensionCommands, TimeProvider time)
    {
        this.session = session;
        this.display = display;
        this.keyboard = keyboard;
        this.ui = ui;
        this.time = time;
        commands = new SlashCommands(session, ui, extensionCommands, () => leave.TrySetResult());
    }

    private bool IsLeaving => leave.Task.IsCompleted || session.Context.IsShutdownRequested;

    public async Task<int> RunAsync(string? model, CancellationToken cancellationToken)
    {
        wantedModel = model;
        using CancellationTokenRegistration onSignal = cancellationToken.Register(() => leave.TrySetResult());
        await session.StartAsync(SessionStartReason.Startup, CancellationToken.None);
        await WorkAsync(token => session.ChooseModelAsync(model, token));
        if (session.Model is { } chosen)
            display.Footer(Footer.Of(session.Context.Model!, chosen, new TurnStatistics(), ui.Status));
        while (!IsLeaving && await ReadLineAsync() is { } line)
        {
            if (line.Trim().Length > 0)
                await HandleAsync(line.Trim());
        }
        await session.StopAsync(SessionStopReason.Quit);
        return cancellationToken.IsCancellationRequested ? ExitCode.Interrupted : ExitCode.Success;
    }

    private async Task HandleAsync(string line)
    {
        display.Input(line);
        if (line.StartsWith('/'))
        {
            await WorkAsync(token => commands.RunAsync(line, token));
            return;
        }
        await WorkAsync(async token =>
        {
            if (session.Model is null)
                await session.ChooseModelAsync(wantedModel, token);
            Report(await session.RunAsync(line, token));
        });
    }

    private void Report(AgentOutcome outcome)
    {
        if (outcome.End == AgentEnd.Failed)
            display.Notify($"Error: {outcome.Error}", Severity.Error);
        if (outcome.End == AgentEnd.Cancelled)
            display.Notify("Cancelled.", Severity.Warning);
        if (outcome.End != AgentEnd.Handled)
            display.Footer(Footer.Of(session.Context.Model!, session.Model!, outcome.Statistics, ui.Status));
    }

    /// <summary>Runs something that Esc or Ctrl+C cancels, and that a second Ctrl+C leaves behind.</summary>
    private async Task WorkAsync(Func<CancellationToken, Task> work)
    {
        using CancellationTokenSource cancellation = new();
        using IDisposable keys = keyboard.Take((key, more) => OnKeyWhileBusy(key, more, cancellation));
        Task running = GuardAsync(() => work(cancellation.Token), cancellation.Token);
        if (await Task.WhenAny(running, leave.Task) == running)
            return;
        // Leaving: what runs is told, and gets a moment to end.
        await cancellation.CancelAsync();
        await Task.WhenAny(running, Task.Delay(LeaveTime, time));
    }

    private async Task GuardAsync(Func<Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            display.Notify("Cancelled.", Severity.Warning);
        }
        catch (ModelChoiceException exception)
        {
            display.Notify($"{exception.Message}\nChoose a model with /model, or leave with /quit.", Severity.Error);
        }
        // A command of an extension may throw anything; the conversation goes on.
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            display.Notify($"Error: {exception.Message}", Severity.Error);
        }
    }

    private void OnKeyWhileBusy(ConsoleKeyInfo key, bool moreWaiting, CancellationTokenSource cancellation)
    {
        bool interrupt = key.Key == ConsoleKey.C && key.Modifiers.HasFlag(ConsoleModifiers.Control);
        if (interrupt && cancellation.IsCancellationRequested)
            leave.TrySetResult();
        else if (interrupt || key.Key == ConsoleKey.Escape)
            _ = cancellation.CancelAsync();
        else if (key.Key != ConsoleKey.Enter)
            Edit(key, moreWaiting);
    }

    private EditorAction Edit(ConsoleKeyInfo key, bool moreWaiting)
    {
        lock (editing)
            return editor.Handle(key, moreWaiting);
    }

    private string TakeLine()
    {
        lock (editing)
            return editor.Take();
    }

    private void EmptyLine()
    {
        lock (editing)
            editor.Replace("");
    }

    /// <summary>Reads a line; null when the person leaves.</summary>
    private async Task<string?> ReadLineAsync()
    {
        TaskCompletionSource<string?> line = new(TaskCreationOptions.RunContinuationsAsynchronously);
        long? interruptedAt = null;
        using IDisposable keys = keyboard.Take((key, more) =>
        {
            switch (Edit(key, more))
            {
                case EditorAction.Submit:
                    line.TrySetResult(TakeLine());
                    break;
                case EditorAction.End:
                    line.TrySetResult(null);
                    break;
                case EditorAction.Interrupt when interruptedAt is { } at && time.GetElapsedTime(at) < LeaveTime:
                    line.TrySetResult(null);
                    break;
                case EditorAction.Interrupt:
                    EmptyLine();
                    interruptedAt = time.GetTimestamp();
                    break;
            }
            if (key.Key != ConsoleKey.C)
                interruptedAt = null;
            display.Refresh();
        });
        display.SetPrompt(width => Prompt(width, interruptedAt is not null));
        try
        {
            return await Task.WhenAny(line.Task, leave.Task) == line.Task ? await line.Task : null;
        }
        finally
        {
            display.SetPrompt(null);
        }
    }

    private PromptLines Prompt(int width, bool interrupted)
    {
        PromptLines lines;
        lock (editing)
            lines = editor.Render(width, interrupted ? "Ctrl+C again leaves" : "Ask for something, or /help");
        return new PromptLines([Line.Empty, .. lines.Lines], lines.CursorRow + 1, lines.CursorColumn);
    }
}

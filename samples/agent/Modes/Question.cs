using Agent.Terminal;

namespace Agent.Modes;

/// <summary>A question with the answers yes and no, at the bottom of the screen.</summary>
internal sealed class Question(LiveDisplay display, Keyboard keyboard)
{
    public async Task<bool> AskAsync(string question, bool defaultAnswer, CancellationToken cancellationToken)
    {
        TaskCompletionSource<bool> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration onCancel = cancellationToken.Register(() => answer.TrySetCanceled(cancellationToken));
        using IDisposable keys = keyboard.Take((key, _) =>
        {
            if (Meaning(key, defaultAnswer) is { } meant)
                answer.TrySetResult(meant);
        });
        string text = $"{question} {(defaultAnswer ? "[Y/n]" : "[y/N]")} ";
        display.SetPrompt(width => Lines(text, width));
        try
        {
            bool yes = await answer.Task;
            display.Notify(text + (yes ? "yes" : "no"), AgentHost.Severity.Information);
            return yes;
        }
        finally
        {
            display.SetPrompt(null);
        }
    }

    private static PromptLines Lines(string text, int width)
    {
        List<Line> lines = [Line.Empty, .. WordWrap.Wrap(text, width - 1).Select(line => Line.Of(line, Tone.Strong))];
        return new PromptLines(lines, lines.Count - 1, lines[^1].Width);
    }

    private static bool? Meaning(ConsoleKeyInfo key, bool defaultAnswer) => key.Key switch
    {
        ConsoleKey.Y => true,
        ConsoleKey.N or ConsoleKey.Escape => false,
        ConsoleKey.C when key.Modifiers.HasFlag(ConsoleModifiers.Control) => false,
        ConsoleKey.Enter => defaultAnswer,
        _ => null,
    };
}

namespace AgentHost;

/// <summary>Speaks with the person in front of the host. Thread-safe; no member waits for the screen.</summary>
public interface IExtensionUi
{
    /// <summary>Whether somebody can answer. Without, <see cref="ConfirmAsync"/> returns its default at once.</summary>
    bool IsInteractive { get; }

    /// <summary>Shows a line that stays.</summary>
    void Notify(string text, Severity severity = Severity.Information);

    /// <summary>Shows a short text in the footer; null removes it. Not shown in print mode.</summary>
    /// <param name="key">Names the text, so that it can be replaced.</param>
    /// <param name="text">The text.</param>
    void SetStatus(string key, string? text);

    /// <summary>Shows a step of long work in one line that changes; null removes it. Shown in every mode.</summary>
    /// <param name="key">Names the work, so that it can be updated.</param>
    /// <param name="progress">The step.</param>
    void SetProgress(string key, ProviderProgress? progress);

    /// <summary>Asks a question with the answers yes and no.</summary>
    /// <param name="question">The question.</param>
    /// <param name="defaultAnswer">The answer to Enter, and where nobody can answer.</param>
    /// <param name="cancellationToken">Takes the question back.</param>
    ValueTask<bool> ConfirmAsync(string question, bool defaultAnswer, CancellationToken cancellationToken);
}

/// <summary>How important a notice is.</summary>
public enum Severity
{
    /// <summary>Good to know.</summary>
    Information,

    /// <summary>Something may not work as expected.</summary>
    Warning,

    /// <summary>Something did not work.</summary>
    Error,
}

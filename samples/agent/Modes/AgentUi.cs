using System.Collections.Concurrent;
using Agent.Terminal;
using AgentHost;

namespace Agent.Modes;

/// <summary>The person, as extensions and the choice of a model speak to them.</summary>
/// <param name="display">Where it shows.</param>
/// <param name="ask">Asks a question with yes and no; null where nobody can answer.</param>
internal sealed class AgentUi(IAgentDisplay display, Func<string, bool, CancellationToken, Task<bool>>? ask) : IExtensionUi
{
    private readonly ConcurrentDictionary<string, string> status = new(StringComparer.Ordinal);

    public bool IsInteractive => ask is not null;

    /// <summary>Texts for the footer.</summary>
    public IEnumerable<string> Status => status.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => entry.Value);

    public void Notify(string text, Severity severity = Severity.Information) => display.Notify(text, severity);

    public void SetStatus(string key, string? text)
    {
        if (text is null)
            status.TryRemove(key, out _);
        else
            status[key] = text;
    }

    public void SetProgress(string key, ProviderProgress? progress) => display.SetProgress(key, progress);

    public async ValueTask<bool> ConfirmAsync(string question, bool defaultAnswer, CancellationToken cancellationToken) =>
        ask is null ? defaultAnswer : await ask(question, defaultAnswer, cancellationToken);
}

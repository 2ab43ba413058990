using Agent.Loop;
using AgentHost;

namespace Agent.Terminal;

/// <summary>A view that also shows what is not part of a turn.</summary>
internal interface IAgentDisplay : IAgentView, IAsyncDisposable
{
    /// <summary>Shows a text that stays.</summary>
    void Notify(string text, Severity severity);

    /// <summary>Shows long work of an extension; null when it is over.</summary>
    void SetProgress(string key, ProviderProgress? progress);

    /// <summary>Nothing runs any more: what is left of the turn stays, what was changing goes.</summary>
    void Settle();
}

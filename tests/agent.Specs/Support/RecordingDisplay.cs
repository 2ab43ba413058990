using System.Collections.Concurrent;
using Agent.Loop;
using Agent.Terminal;
using AgentHost;

namespace Agent.Specs.Support;

/// <summary>Keeps what a display was told.</summary>
internal sealed class RecordingDisplay : IAgentDisplay
{
    private readonly ConcurrentQueue<string> entries = new();

    public IReadOnlyList<string> Entries => [.. entries];

    public string Notices => string.Join('\n', entries.Where(entry => entry.StartsWith("notice ", StringComparison.Ordinal)).Select(entry => entry[7..]));

    /// <summary>Called for each entry.</summary>
    public Action<string>? OnEntry { get; set; }

    public void RequestStarted() => Add("request");

    public void Progress(ProviderProgress progress) => Add($"progress {progress.Message}");

    public void Reasoning(string text) => Add($"reasoning {text}");

    public void Text(string text) => Add($"text {text}");

    public void CallWriting(ToolCallFragment fragment) => Add($"writing {fragment.Index} {fragment.Name} {fragment.Arguments}");

    public void CallWritten(int index, string callId, string name, string arguments) => Add($"written {index} {callId} {name} {arguments}");

    public void ReplyEnded(ReplyEnd end) => Add($"ended {end}");

    public void CallStarted(string callId) => Add($"start {callId}");

    public void CallOutput(string callId, string text) => Add($"output {callId} {text}");

    public void CallEnded(string callId, ToolResult result) => Add($"result {callId} {result.Text}");

    public void Notify(string text, Severity severity) => Add($"notice {text}");

    public void SetProgress(string key, ProviderProgress? progress) => Add($"{key} {progress?.Message}");

    public void Settle()
    {
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Add(string entry)
    {
        entries.Enqueue(entry);
        OnEntry?.Invoke(entry);
    }
}

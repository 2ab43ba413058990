using System.Text;
using Ds4Provider.Engine.Replies;

namespace Ds4Provider.Server.Generation;

/// <summary>What the events of a reply add up to. Not thread-safe.</summary>
internal sealed class ReplyTranscript
{
    private readonly StringBuilder text = new();
    private readonly StringBuilder reasoning = new();
    private readonly List<TranscribedCall> calls = [];

    public string Text => text.ToString();

    public string Reasoning => reasoning.ToString();

    public IReadOnlyList<TranscribedCall> Calls => calls;

    /// <summary>Why the reply ended; null while it goes on.</summary>
    public FinishReason? Reason { get; private set; }

    public void Add(ReplyEvent replyEvent)
    {
        switch (replyEvent)
        {
            case TextDelta delta:
                text.Append(delta.Text);
                break;
            case ReasoningDelta delta:
                reasoning.Append(delta.Text);
                break;
            case CallStarted call:
                calls.Add(new TranscribedCall(call.Id, call.Name));
                break;
            case ArgumentsDelta delta:
                calls[delta.Index].Append(delta.Json);
                break;
            case Finished finished:
                Reason = finished.Reason;
                break;
        }
    }
}

/// <summary>A call of a transcript.</summary>
internal sealed class TranscribedCall(string id, string name)
{
    private readonly StringBuilder arguments = new();

    public string Id { get; } = id;

    public string Name { get; } = name;

    /// <summary>JSON text.</summary>
    public string Arguments => arguments.ToString();

    public void Append(string json) => arguments.Append(json);
}

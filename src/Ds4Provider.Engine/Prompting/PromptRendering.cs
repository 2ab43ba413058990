using Ds4Provider.Engine.Dsml;
using Ds4Provider.Engine.Json;
using Ds4Provider.Engine.Tokenization;

namespace Ds4Provider.Engine.Prompting;

/// <summary>The rendering of one conversation; used once.</summary>
internal sealed class PromptRendering
{
    private readonly Conversation _conversation;
    private readonly IReadOnlyList<ConversationMessage> _messages;
    private readonly ISampledTurns? _sampledTurns;
    private readonly PromptWriter _prompt;
    private readonly int _lastUser;
    private bool _instructionsWritten;

    public PromptRendering(Conversation conversation, ControlTokens control, ISampledTurns? sampledTurns)
    {
        _conversation = conversation;
        _sampledTurns = sampledTurns;
        _prompt = new PromptWriter(control);
        var instructed = conversation.Tools.Count > 0 || conversation.ResponseSchema is not null;

        // Tools and schema stand at the end of a system message; without one they get an empty one at the top.
        _messages = instructed && !conversation.Messages.OfType<SystemMessage>().Any()
            ? [new SystemMessage(""), .. conversation.Messages]
            : conversation.Messages;
        _lastUser = _messages.ToList().FindLastIndex(message => message is UserMessage or ToolMessage or DeveloperMessage);
    }

    /// <summary>Writes the prompt up to and including the generation prompt.</summary>
    public IReadOnlyList<PromptSegment> Write()
    {
        _prompt.Control(_prompt.Tokens.BeginOfSentence);
        if (_conversation.Thinking == ThinkingMode.Maximum)
        {
            _prompt.Text(PromptTexts.MaximumEffort);
        }

        for (var i = 0; i < _messages.Count; i++)
        {
            switch (_messages[i])
            {
                case SystemMessage system:
                    WriteSystem(system);
                    break;
                case DeveloperMessage developer:
                    _prompt.Control(_prompt.Tokens.User);
                    _prompt.Text(developer.Text);
                    break;
                case AssistantMessage assistant:
                    WriteAssistant(assistant, i);
                    break;
                default:
                    i = WriteUserBlock(i);
                    break;
            }
        }

        OpenTurn(KeepsReasoning(_messages.Count));
        return _prompt.Finish();
    }

    private void WriteSystem(SystemMessage system)
    {
        _prompt.Text(system.Text);
        if (_instructionsWritten)
        {
            return;
        }

        _instructionsWritten = true;
        if (_conversation.Tools.Count > 0)
        {
            _prompt.Text("\n\n");
            _prompt.OwnText(PromptTexts.BeforeSchemas);
            _prompt.Text(string.Join('\n', _conversation.Tools.Select(JsonDumps.Write)));
            _prompt.OwnText(PromptTexts.AfterSchemas);
        }

        if (_conversation.ResponseSchema is { } schema)
        {
            _prompt.Text("\n\n" + PromptTexts.ResponseFormat + JsonDumps.Write(schema));
        }
    }

    /// <summary>Consecutive users and tool results are one block; returns the index of its last message.</summary>
    private int WriteUserBlock(int first)
    {
        var block = _messages.Skip(first).TakeWhile(message => message is UserMessage or ToolMessage).ToList();
        var results = SortResults(block.OfType<ToolMessage>(), first).GetEnumerator();
        _prompt.Control(_prompt.Tokens.User);
        _prompt.Text(string.Join("\n\n", block.Select(Part)));
        return first + block.Count - 1;

        // The places of the results stay; which result stands in which place follows the order of the calls.
        string Part(ConversationMessage message) =>
            message is UserMessage user ? user.Text
            : results.MoveNext() ? $"<tool_result>{results.Current.Text}</tool_result>"
            : throw new InvalidOperationException("There are as many results as places for them.");
    }

    /// <summary>By the order of the calls that the preceding turn made; an unknown id counts as the first; stable.</summary>
    private IEnumerable<ToolMessage> SortResults(IEnumerable<ToolMessage> results, int block)
    {
        var calls = _messages.Take(block).OfType<AssistantMessage>().LastOrDefault()?.Calls ?? [];
        var order = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < calls.Count; i++)
        {
            if (calls[i].Id is { } id)
            {
                order[id] = i;
            }
        }

        return results.OrderBy(result => result.CallId is { } id ? order.GetValueOrDefault(id) : 0);
    }

    private void WriteAssistant(AssistantMessage assistant, int index)
    {
        var thinking = KeepsReasoning(index);
        OpenTurn(thinking);
        if (_sampledTurns?.Find(assistant, thinking) is { } sampled)
        {
            _prompt.Sampled(sampled);
        }
        else
        {
            WriteTurn(assistant, thinking);
        }

        _prompt.Control(_prompt.Tokens.EndOfSentence);
    }

    private void WriteTurn(AssistantMessage assistant, bool thinking)
    {
        if (thinking)
        {
            _prompt.Text(assistant.Reasoning ?? "");
            _prompt.Control(_prompt.Tokens.ThinkClose);
        }

        _prompt.Text(assistant.Text);
        if (assistant.Calls.Count > 0)
        {
            CallWriter.Write(_prompt, assistant.Calls);
        }
    }

    private void OpenTurn(bool thinking)
    {
        _prompt.Control(_prompt.Tokens.Assistant);
        _prompt.Control(thinking ? _prompt.Tokens.ThinkOpen : _prompt.Tokens.ThinkClose);
    }

    /// <summary>Reasoning before the last user message is dropped, unless there are tools.</summary>
    private bool KeepsReasoning(int index) =>
        _conversation.Thinking != ThinkingMode.Off && (_conversation.Tools.Count > 0 || index > _lastUser);
}

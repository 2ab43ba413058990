using Ds4Provider.Engine.Prompting;
using Ds4Provider.Engine.Tokenization;

namespace Ds4Provider.Server.Replay;

/// <summary>
/// The sampled turns of one conversation. A turn that comes back as we sent it is rendered with the very ids that were
/// sampled, so that the prompt continues the session; a turn that was edited is not found and rendered anew.
/// </summary>
internal sealed class ConversationTurns : ISampledTurns
{
    private readonly SampledTurnStore store;
    private readonly ControlTokens control;
    private readonly Dictionary<AssistantMessage, TurnKey> historyOf = new(ReferenceEqualityComparer.Instance);

    public ConversationTurns(SampledTurnStore store, ControlTokens control, Conversation conversation)
    {
        this.store = store;
        this.control = control;
        TurnKey history = TurnKey.Of("conversation");
        foreach (ConversationMessage message in conversation.Messages)
        {
            if (message is AssistantMessage turn)
                historyOf[turn] = history;
            history = history.Then(message);
        }
        History = history;
    }

    /// <summary>Key of the whole conversation: the history of the reply to come.</summary>
    public TurnKey History { get; }

    public IReadOnlyList<int>? Find(AssistantMessage message, bool thinking)
    {
        if (Key(message, thinking) is not { } key || store.Find(key) is not { } turn)
            return null;
        int reasoningEnd = turn.Thinking ? IndexOf(turn.Tokens, control.ThinkClose) : -1;
        if (thinking)
        {
            if (!turn.Thinking)
                return null;
            // The limit may have cut the reply in its reasoning; the template always closes it.
            return reasoningEnd >= 0 ? turn.Tokens : [.. turn.Tokens, control.ThinkClose];
        }
        if (!turn.Thinking)
            return turn.Tokens;
        return reasoningEnd >= 0 ? [.. turn.Tokens.Skip(reasoningEnd + 1)] : null;
    }

    /// <summary>
    /// What identifies the turn. Reasoning that the client left out comes back only with a call's random id or in the
    /// same conversation: "Done." alone must never fetch what another conversation thought.
    /// </summary>
    private TurnKey? Key(AssistantMessage message, bool thinking)
    {
        if (!thinking)
            return TurnKey.OfVisible(message);
        if (!string.IsNullOrEmpty(message.Reasoning))
            return TurnKey.OfWhole(message);
        if (message.Calls.Any(call => call.Id is not null))
            return TurnKey.OfVisible(message);
        return historyOf.TryGetValue(message, out TurnKey history) ? TurnKey.OfPlace(history, message) : null;
    }

    private static int IndexOf(IReadOnlyList<int> tokens, int token)
    {
        for (int i = 0; i < tokens.Count; i++)
        {
            if (tokens[i] == token)
                return i;
        }
        return -1;
    }
}

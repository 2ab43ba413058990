namespace Ds4Provider.Server.Replay;

/// <summary>What is kept of a sampled turn: how it is found, and the tokens. No text.</summary>
/// <param name="Keys">Keys under which it is found.</param>
/// <param name="Tokens">Sampled ids, without the end-of-sentence.</param>
/// <param name="Thinking">Whether the ids begin with the reasoning.</param>
internal sealed record RememberedTurn(IReadOnlyList<TurnKey> Keys, IReadOnlyList<int> Tokens, bool Thinking)
{
    public static RememberedTurn Of(SampledTurn turn) => new(
        [TurnKey.OfWhole(turn.Message), TurnKey.OfVisible(turn.Message), TurnKey.OfPlace(turn.History, turn.Message)],
        turn.Tokens, turn.Thinking);
}

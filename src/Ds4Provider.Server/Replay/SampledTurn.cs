using Ds4Provider.Engine.Prompting;

namespace Ds4Provider.Server.Replay;

/// <summary>A reply of ours: what the client saw of it and the tokens that were sampled.</summary>
/// <param name="Message">Text, reasoning and calls.</param>
/// <param name="Tokens">Sampled ids, without the end-of-sentence.</param>
/// <param name="Thinking">Whether the generation prompt opened the reasoning, so that the ids begin with it.</param>
/// <param name="History">Key of the conversation before the reply.</param>
internal sealed record SampledTurn(AssistantMessage Message, IReadOnlyList<int> Tokens, bool Thinking, TurnKey History);

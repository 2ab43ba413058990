using Ds4Provider.Engine.Tokenization;

namespace Ds4Provider.Server.Sessions;

/// <summary>
/// The positions in a prompt to which later prompts return: the end of what all conversations of a client begin with, and
/// ends of turns in a long history. Found in the tokens themselves, so that every API and every history has the same ones.
/// </summary>
internal static class Boundaries
{
    /// <summary>A shorter beginning is evaluated again sooner than it is worth a stop.</summary>
    private const int LeastBeginning = 128;

    /// <summary>Between two stops in a history: each costs an evaluation of fewer tokens at a time than would be fast.</summary>
    private const int Interval = 4096;

    /// <summary>Instructions of a client in messages of their own are worth a stop after them from so many tokens on.</summary>
    private const int LeastInstructions = 1024;

    /// <summary>Where to stop after <paramref name="cached"/> tokens and take a checkpoint; ascending, the end excluded.</summary>
    /// <param name="prompt">Tokens of the prompt.</param>
    /// <param name="cached">Tokens that are not evaluated.</param>
    /// <param name="control">Ids of the control tokens.</param>
    /// <param name="reasoningIsDropped">
    /// Whether the next prompt leaves the reasoning of this reply out, and so differs from the first token after the marker of the reply.
    /// </param>
    public static List<Boundary> Find(ReadOnlySpan<int> prompt, int cached, ControlTokens control, bool reasoningIsDropped)
    {
        var found = new List<Boundary>();
        int last = AddBeginning(prompt, cached, control, found);
        for (int at = last + 1; at < prompt.Length; at++)
        {
            bool endsTurn = prompt[at] == control.User;
            if ((endsTurn && at - last >= Interval) || at - last >= 2 * Interval)
            {
                found.Add(new Boundary(at, StatePlace.Passing));
                last = at;
            }
        }
        int reply = prompt.LastIndexOf(control.Assistant);
        if (reasoningIsDropped && reply > last)
            found.Add(new Boundary(reply, StatePlace.End));
        return found;
    }

    /// <summary>
    /// What conversations of a client have in common: system text and tools, and instructions in messages before the
    /// first one of the user, which is the last before the first reply.
    /// </summary>
    /// <returns>The last stop, or what is cached.</returns>
    private static int AddBeginning(ReadOnlySpan<int> prompt, int cached, ControlTokens control, List<Boundary> found)
    {
        int system = prompt.IndexOf(control.User);
        int firstReply = prompt.IndexOf(control.Assistant);
        int user = firstReply < 0 ? system : prompt[..firstReply].LastIndexOf(control.User);
        if (system >= LeastBeginning && system > cached)
            found.Add(new Boundary(system, StatePlace.Beginning));
        if (user - system >= LeastInstructions && user > cached)
            found.Add(new Boundary(user, StatePlace.Beginning));
        return found.Count > 0 ? found[^1].Position : Math.Max(cached, system);
    }
}

/// <summary>Where to stop and keep the state.</summary>
/// <param name="Position">Tokens before it.</param>
/// <param name="Place">What they are to later prompts.</param>
internal readonly record struct Boundary(int Position, StatePlace Place);

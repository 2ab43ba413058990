namespace Ds4Provider.Server.Sessions;

/// <summary>What the tokens before a state are to later prompts.</summary>
internal enum StatePlace
{
    /// <summary>A stop on the way, for edits of what follows.</summary>
    Passing,

    /// <summary>What conversations of a client have in common.</summary>
    Beginning,

    /// <summary>Where the next prompt of the conversation, or the same one again, goes on.</summary>
    End,
}

using Ds4Provider.Engine;

namespace Ds4Provider.Server.Sessions;

/// <summary>A state to which a session can return, and what it is worth. Used under the index's lock.</summary>
/// <param name="key">Stands for the tokens that were evaluated.</param>
/// <param name="state">The state.</param>
/// <param name="parent">The longest checkpoint of fewer of the same tokens, when there was one.</param>
internal sealed class Checkpoint(PrefixKey key, ISessionCheckpoint state, Checkpoint? parent)
{
    public PrefixKey Key { get; } = key;

    public ISessionCheckpoint State { get; } = state;

    /// <summary>Tokens that need not be evaluated again.</summary>
    public int Position { get; } = state.Position;

    /// <summary>From where the tokens would be evaluated again if this were not there.</summary>
    public Checkpoint? Parent { get; set; } = parent;

    /// <summary>When it, or a state after it, was taken or used last.</summary>
    public long LastUse { get; set; }

    /// <summary>Whether it came from the disk and was not used since.</summary>
    public bool IsRecalled { get; set; }

    /// <summary>Tokens that it saves.</summary>
    public int Saves => Position - (Parent?.Position ?? 0);
}

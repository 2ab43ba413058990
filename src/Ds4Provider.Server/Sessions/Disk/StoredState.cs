namespace Ds4Provider.Server.Sessions.Disk;

/// <summary>A state that is on the disk. Used under the store's lock.</summary>
/// <param name="header">What its file says.</param>
/// <param name="parent">The state on which it builds.</param>
internal sealed class StoredState(StateHeader header, StoredState? parent)
{
    /// <summary>What its file says.</summary>
    public StateHeader Header { get; private set; } = header;

    /// <summary>The state on which it builds.</summary>
    public StoredState? Parent { get; private set; } = parent;

    /// <summary>Bytes of its file.</summary>
    public long Bytes => StateHeader.Length + Header.StateBytes;

    /// <summary>States that build on it.</summary>
    public int Children { get; set; }

    /// <summary>When it, or one that builds on it, was written or used last.</summary>
    public DateTimeOffset LastUse { get; set; }

    /// <summary>Tokens that it has beyond its parent.</summary>
    public int Span => Header.Position - Header.ParentPosition;

    /// <summary>Builds on another one from now on.</summary>
    public void Rebase(StateHeader newHeader, StoredState? newParent) => (Header, Parent) = (newHeader, newParent);

    /// <summary>It and all on which it builds, the first first.</summary>
    public IReadOnlyList<StoredState> Chain()
    {
        List<StoredState> chain = [];
        for (StoredState? at = this; at is not null; at = at.Parent)
            chain.Insert(0, at);
        return chain;
    }
}

namespace Ds4Provider.Server.Sessions.Disk;

/// <summary>A state that is on the disk. Used under the store's lock.</summary>
/// <param name="header">What its file says.</param>
/// <param name="parent">The state on which it builds.</param>
/// <param name="bytes">Bytes of its file.</param>
internal sealed class StoredState(StateHeader header, StoredState? parent, long bytes)
{
    public StateHeader Header { get; } = header;

    public StoredState? Parent { get; } = parent;

    public long Bytes { get; } = bytes;

    /// <summary>States that build on it.</summary>
    public int Children { get; set; }

    /// <summary>When it, or one that builds on it, was written or used last.</summary>
    public DateTimeOffset LastUse { get; set; }

    /// <summary>Tokens that it has beyond its parent.</summary>
    public int Span => Header.Position - Header.ParentPosition;

    /// <summary>It and all on which it builds, the first first.</summary>
    public IReadOnlyList<StoredState> Chain()
    {
        List<StoredState> chain = [];
        for (StoredState? at = this; at is not null; at = at.Parent)
            chain.Insert(0, at);
        return chain;
    }
}

namespace Agent.Terminal;

/// <summary>A part of the screen that is still changing: a text, a call.</summary>
internal interface IBlock
{
    /// <summary>Blocks of different kinds have an empty line between them.</summary>
    BlockKind Kind { get; }

    /// <summary>Nothing will change any more.</summary>
    bool IsDone { get; }

    /// <summary>Lines at the beginning that will not change any more; the block forgets them.</summary>
    IReadOnlyList<Line> TakeSettled(int width);

    /// <summary>What is left of the block.</summary>
    IReadOnlyList<Line> Render(int width);
}

/// <summary>What a block is.</summary>
internal enum BlockKind
{
    Input,
    Notice,
    Footer,
    Thinking,
    Text,
    Call,
}

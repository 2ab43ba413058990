namespace Agent.Terminal;

/// <summary>What a piece of text means; the screen decides how that looks.</summary>
internal enum Tone
{
    Normal,
    Dim,
    Accent,
    Good,
    Bad,
    Warning,
    Added,
    Removed,
    Strong,
}

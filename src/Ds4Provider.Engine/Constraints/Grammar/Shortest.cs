namespace Ds4Provider.Engine.Constraints.Grammar;

/// <summary>The shortest text that a rule accepts.</summary>
/// <param name="Cost">Its bytes; <see cref="Never"/> = there is none.</param>
/// <param name="Nesting">JSON containers that it opens inside one another.</param>
internal readonly record struct Shortest(int Cost, int Nesting)
{
    /// <summary>
    /// Cost of what cannot be written. Nobody wants a reply of which the client has fixed more than this: what the schema
    /// asks for at least is held in memory to know when to begin with it.
    /// </summary>
    public const int Never = 1 << 18;

    /// <summary>
    /// Most open containers. .NET's reader refuses more than 64; the arguments of a call are one around its values, and
    /// the client may put some more around them.
    /// </summary>
    public const int DeepestNesting = 60;

    /// <summary>No text.</summary>
    public static Shortest None { get; } = new(Never, 0);

    /// <summary>Whether there is a text that fits below the containers that are open.</summary>
    public bool Fits(int depth) => Cost < Never && depth + Nesting <= DeepestNesting;

    /// <summary>The cheaper one.</summary>
    public Shortest Or(Shortest other) => other.Cost < Cost ? other : this;

    /// <summary>A sum of costs that does not overflow.</summary>
    public static int Add(long one, long other) => (int)Math.Min(Never, one + other);
}

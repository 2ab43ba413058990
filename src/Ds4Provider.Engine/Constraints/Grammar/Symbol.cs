namespace Ds4Provider.Engine.Constraints.Grammar;

/// <summary>What the grammar is made of: the bytes 0 … 255 of text, and control tokens.</summary>
internal static class Symbol
{
    /// <summary>The control token of tags.</summary>
    public const int Dsml = 256;

    /// <summary>The end of the reply.</summary>
    public const int End = 257;

    /// <summary>The bytes of a text as symbols.</summary>
    public static int[] Of(string text) => [.. System.Text.Encoding.UTF8.GetBytes(text).Select(value => (int)value)];
}

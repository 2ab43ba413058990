namespace Ds4Provider.Engine.Tokenization;

/// <summary>The texts of the control tokens, byte for byte as in the vocabulary (<c>｜</c> is U+FF5C, <c>▁</c> U+2581).</summary>
internal static class ControlTexts
{
    public const string BeginOfSentence = "<｜begin▁of▁sentence｜>";
    public const string EndOfSentence = "<｜end▁of▁sentence｜>";
    public const string User = "<｜User｜>";
    public const string Assistant = "<｜Assistant｜>";
    public const string ThinkOpen = "<think>";
    public const string ThinkClose = "</think>";
    public const string Dsml = "｜DSML｜";
}

using System.Text;
using Ds4Provider.Engine.Tokenization;

namespace Ds4Provider.Server.Specs.Engine;

/// <summary>A small vocabulary: the control tokens, every byte, and a few words.</summary>
internal sealed class ScriptedTokenizer : ITokenizer
{
    private const int FirstByte = 7;

    private readonly List<byte[]> texts = [];

    public ScriptedTokenizer()
    {
        foreach (string control in (string[])
            ["<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜User｜>", "<｜Assistant｜>", "<think>", "</think>", "｜DSML｜"])
        {
            texts.Add(Encoding.UTF8.GetBytes(control));
        }
        for (int value = 0; value < 256; value++)
            texts.Add([(byte)value]);
        foreach (string word in (string[])["Hello", " world", "tool_calls>", "invoke", "parameter", " name=\"", " string=\"true\">", "END"])
            texts.Add(Encoding.UTF8.GetBytes(word));
    }

    public int VocabularySize => texts.Count;

    public ControlTokens Control { get; } = new(0, 1, 2, 3, 4, 5, 6);

    public void Encode(ReadOnlySpan<char> text, ICollection<int> tokens)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text.ToString());
        for (int at = 0; at < bytes.Length;)
        {
            int token = LongestAt(bytes.AsSpan(at));
            tokens.Add(token);
            at += texts[token].Length;
        }
    }

    public List<int> Encode(string text)
    {
        var tokens = new List<int>();
        Encode(text, tokens);
        return tokens;
    }

    public ReadOnlySpan<byte> Bytes(int token) => texts[token];

    public bool IsControl(int token) => token < FirstByte;

    private int LongestAt(ReadOnlySpan<byte> bytes)
    {
        int best = FirstByte + bytes[0];
        for (int token = FirstByte + 256; token < texts.Count; token++)
        {
            if (bytes.StartsWith(texts[token]) && texts[token].Length > texts[best].Length)
                best = token;
        }
        return best;
    }
}

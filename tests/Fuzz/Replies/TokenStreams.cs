using System.Text;
using Ds4Provider.Server.Specs.Engine;

namespace Fuzz.Replies;

/// <summary>Token streams: correct replies, damaged in a few places, and such as no model would ever sample.</summary>
internal sealed class TokenStreams
{
    private static readonly string[] Texts =
    [
        "Hello", " ", "\n\n", "\n", "<", "</", "😀", "é", "\"", "\\", "\\u00e9", "{\"a\":", "[1,2]", "{}", "true", "-1.5e3", "]", "tool_calls>", "END", "\u0000", "\u2028",
        "</think>", "<think>", "｜DSML｜", "name=\"", "string=\"false\"", ">", "\"\\ud800\"", "[[[[[[[[", "a\tb\r\n", "x=\"y\" ", "{\"a\":{\"a\":{\"a\":{}}}}", "1e999", "NaN",
    ];

    private static readonly string[] Tags =
    [
        "<|tool_calls>\n", "</|tool_calls>", "<|invoke name=\"read\">\n", "</|invoke>\n", "<|parameter name=\"path\" string=\"true\">", "<|parameter name=\"n\" string=\"false\">",
        "</|parameter>\n", "<|invoke name=\"custom\">", "<|parameter name=\"input\" string=\"true\">", "<|invoke name=\"\">", "<|invoke>", "<|parameter>", "<|parameter name=\"\" string=\"maybe\">",
        "<|invoke name=\"a\" name=\"b\">", "</|invoke name=\"x\">", "<| tool_calls>", "<|tool_calls >", "<|parameter  string=\"false\"  name=\"z\">", "<|unknown>", "<|parameter name=\"a>b\">",
    ];

    private static readonly string[] Names = ["read", "custom", "write_file", "a.b", "é😀", ""];
    private static readonly string[] Keys = ["path", "input", "n", "old\"", "\\", "😀", "", "path"];

    private readonly ScriptedTokenizer tokenizer = new();

    public int[] Next(Random random) => random.Next(8) switch
    {
        0 => [.. Enumerable.Range(0, random.Next(60)).Select(_ => random.Next(tokenizer.VocabularySize))],
        1 => [.. Enumerable.Range(0, random.Next(14)).SelectMany(_ => Piece(random))],
        2 => Correct(random),
        3 => Spliced(random, Correct(random), Correct(random)),
        _ => Damaged(random, Correct(random)),
    };

    /// <summary>The tokens as text; tokens that are no whole characters by their bytes.</summary>
    public string Describe(int[] tokens) => string.Join(' ', tokens.Select(token =>
        tokenizer.IsControl(token) ? Encoding.UTF8.GetString(tokenizer.Bytes(token))
        : tokenizer.Bytes(token) is [>= 0x20 and < 0x7F, ..] ? Encoding.UTF8.GetString(tokenizer.Bytes(token))
        : "0x" + Convert.ToHexString(tokenizer.Bytes(token))));

    private static int[] Spliced(Random random, int[] one, int[] other) =>
        [.. one.AsSpan(0, random.Next(one.Length + 1)), .. other.AsSpan(random.Next(other.Length + 1))];

    private int[] Correct(Random random)
    {
        var tokens = new List<int>();
        if (random.Once(2))
        {
            Write(Text(random), tokens);
            tokens.Add(tokenizer.Control.ThinkClose);
        }
        Write(Text(random), tokens);
        if (!random.Once(6))
        {
            Write("\n\n<|tool_calls>\n", tokens);
            for (int calls = 1 + random.Few(6); calls > 0; calls--)
                WriteCall(random, tokens);
            Write("</|tool_calls>", tokens);
        }
        return [.. tokens];
    }

    private void WriteCall(Random random, List<int> tokens)
    {
        Write($"<|invoke name=\"{random.Of(Names)}\">\n", tokens);
        int parameters = random.Few(6);
        for (int i = 0; i < parameters; i++)
        {
            Write($"<|parameter name=\"{random.Of(Keys)}\" string=\"{(random.Once(2) ? "true" : "false")}\">", tokens);
            Write(Text(random), tokens);
            Write("</|parameter>\n", tokens);
        }
        Write(parameters == 0 ? "\n</|invoke>\n" : "</|invoke>\n", tokens);
    }

    private int[] Damaged(Random random, int[] tokens)
    {
        for (int edits = 1 + random.Few(8); edits > 0; edits--)
        {
            int at = random.Next(tokens.Length + 1);
            int length = Math.Min(random.Once(3) ? random.Next(40) : random.Next(4), tokens.Length - at);
            ReadOnlySpan<int> piece = tokens.AsSpan(at, length);
            tokens = random.Next(6) switch
            {
                0 => [.. tokens.AsSpan(0, at), .. tokens.AsSpan(at + length)],
                1 => [.. tokens.AsSpan(0, at), .. piece, .. piece, .. tokens.AsSpan(at + length)],
                2 => [.. tokens.AsSpan(0, at), random.Next(tokenizer.VocabularySize), .. tokens.AsSpan(at + length)],
                3 => tokens[..at],
                _ => [.. tokens.AsSpan(0, at), .. Piece(random), .. tokens.AsSpan(at + (random.Once(2) ? length : 0))],
            };
        }
        return tokens;
    }

    private int[] Piece(Random random)
    {
        if (random.Once(3))
            return [random.Next(7)];
        var tokens = new List<int>();
        Write(random.Once(2) ? random.Of(Tags) : random.Of(Texts), tokens);
        return [.. tokens];
    }

    private static string Text(Random random) => string.Concat(Enumerable.Range(0, random.Few(12)).Select(_ => random.Of(Texts)));

    /// <summary>Encodes a text in which a bar stands for the control token of tags.</summary>
    private void Write(string text, List<int> tokens)
    {
        string[] parts = text.Split('|');
        for (int i = 0; i < parts.Length; i++)
        {
            if (i > 0)
                tokens.Add(tokenizer.Control.Dsml);
            tokenizer.Encode(parts[i], tokens);
        }
    }
}

using System.Text;
using Ds4Provider.Engine.Tokenization;

namespace Benchmarks.Traces;

/// <summary>The tokens of a reply, written piece by piece as the model writes them.</summary>
internal sealed class ScriptedReply(ITokenizer tokenizer)
{
    private readonly List<int> tokens = [];
    private int textBegin;
    private bool inBlock;

    /// <summary>The reply; a block of calls is closed.</summary>
    public IReadOnlyList<int> Tokens
    {
        get
        {
            if (inBlock)
                Tag("</", "tool_calls>");
            inBlock = false;
            return tokens;
        }
    }

    /// <summary>Where the text begins.</summary>
    public int TextBegin => textBegin;

    /// <summary>The reasoning.</summary>
    public string Reasoning { get; private set; } = "";

    public ScriptedReply Think(string text)
    {
        Reasoning = text;
        tokenizer.Encode(text, tokens);
        tokens.Add(tokenizer.Control.ThinkClose);
        textBegin = tokens.Count;
        return this;
    }

    public ScriptedReply Say(string text)
    {
        tokenizer.Encode(text, tokens);
        return this;
    }

    /// <summary>Calls a tool with string arguments, in the same block as the call before it.</summary>
    public ScriptedReply Call(string name, string key, string value)
    {
        if (!inBlock)
            Say("\n\n").Tag("<", "tool_calls>\n");
        inBlock = true;
        return Tag("<", $"invoke name=\"{name}\">\n").Tag("<", $"parameter name=\"{key}\" string=\"true\">").Say(value)
            .Tag("</", "parameter>\n").Tag("</", "invoke>\n");
    }

    /// <summary>What a client has of the text when it leaves after so many tokens of the reply.</summary>
    public string TextOfFirst(int count)
    {
        var bytes = new List<byte>();
        foreach (int token in tokens.Take(count).Skip(textBegin))
            bytes.AddRange(tokenizer.Bytes(token));
        return Encoding.UTF8.GetString([.. bytes]);
    }

    private ScriptedReply Tag(string open, string rest)
    {
        Say(open);
        tokens.Add(tokenizer.Control.Dsml);
        return Say(rest);
    }
}

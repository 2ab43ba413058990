namespace Ds4Provider.Server.Specs.Engine;

/// <summary>The tokens that a scripted model samples for one reply; without <see cref="Unended"/> it ends its turn after them.</summary>
internal sealed class Script
{
    private static readonly ScriptedTokenizer Tokenizer = new();

    private readonly List<int> tokens = [];
    private bool inBlock;
    private bool ends = true;

    public IReadOnlyList<int> Tokens
    {
        get
        {
            CloseBlock();
            return tokens;
        }
    }

    /// <summary>Whether the end-of-sentence follows.</summary>
    public bool Ends => ends;

    /// <summary>Reasons and closes the reasoning.</summary>
    public Script Think(string text)
    {
        Tokenizer.Encode(text, tokens);
        tokens.Add(Tokenizer.Control.ThinkClose);
        return this;
    }

    public Script Say(string text)
    {
        Tokenizer.Encode(text, tokens);
        return this;
    }

    /// <summary>Calls a tool with string arguments, in the same block as the call before it.</summary>
    public Script Call(string name, params (string Key, string Value)[] arguments)
    {
        if (!inBlock)
            Say("\n\n").Tag("<", "tool_calls>\n");
        inBlock = true;
        Tag("<", $"invoke name=\"{name}\">\n");
        foreach ((string key, string value) in arguments)
        {
            Tag("<", $"parameter name=\"{key}\" string=\"true\">").Say(value);
            Tag("</", "parameter>\n");
        }
        return Tag("</", "invoke>\n");
    }

    /// <summary>Calls a tool with one argument that is no string.</summary>
    public Script CallJson(string name, string key, string json)
    {
        if (!inBlock)
            Say("\n\n").Tag("<", "tool_calls>\n");
        inBlock = true;
        Tag("<", $"invoke name=\"{name}\">\n").Tag("<", $"parameter name=\"{key}\" string=\"false\">").Say(json);
        return Tag("</", "parameter>\n").Tag("</", "invoke>\n");
    }

    /// <summary>Goes on for ever, with dots.</summary>
    public Script Unended()
    {
        ends = false;
        return this;
    }

    private void CloseBlock()
    {
        if (inBlock)
            Tag("</", "tool_calls>");
        inBlock = false;
    }

    private Script Tag(string open, string rest)
    {
        Say(open);
        tokens.Add(Tokenizer.Control.Dsml);
        return Say(rest);
    }
}

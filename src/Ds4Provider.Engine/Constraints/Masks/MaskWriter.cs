using Ds4Provider.Engine.Constraints.Grammar;

namespace Ds4Provider.Engine.Constraints.Masks;

/// <summary>Finds the tokens that the grammar allows next. Not thread-safe; one per reply.</summary>
internal sealed class MaskWriter(VocabularyMasks vocabulary)
{
    private static readonly int[] Quote = Symbol.Of("\"");

    private readonly StateSet[] _levels = [.. Enumerable.Range(0, vocabulary.All.Height + 1).Select(_ => new StateSet())];

    private readonly TokenSet _ending = new(vocabulary.Tokenizer.VocabularySize);

    /// <summary>Adds to <paramref name="allowed"/> the tokens that some state allows.</summary>
    public void Write(StateSet states, TokenSet allowed)
    {
        var control = vocabulary.Tokenizer.Control;
        AddControl(states, Symbol.Dsml, control.Dsml, allowed);
        AddControl(states, Symbol.End, control.EndOfSentence, allowed);
        var walked = _levels[0];
        walked.Clear();
        foreach (var state in states.States)
        {
            if (state.Text.Kind == TextKind.None)
            {
                walked.Add(state);
            }
        }

        Walk(vocabulary.All, allowed, 0, int.MaxValue);
        foreach (var state in states.States)
        {
            if (state.Text is { Kind: not TextKind.None } text)
            {
                WriteText(state, text, allowed);
            }
        }
    }

    private void AddControl(StateSet states, int symbol, int token, TokenSet allowed)
    {
        var next = _levels[0];
        next.Clear();
        states.Read(symbol, next);
        if (next.Count > 0)
        {
            allowed.Add(token);
        }
    }

    private void WriteText(GrammarState state, TextPosition text, TokenSet allowed)
    {
        var plain = text.Kind == TextKind.Raw ? vocabulary.Raw(text.Utf8) : vocabulary.Json(text.Utf8);
        var ample = text.Room >= vocabulary.LongestText;
        if (ample)
        {
            allowed.UnionWith(plain);
        }
        else
        {
            allowed.UnionWithBoth(plain, vocabulary.Short(text.Room));
        }

        if (text.Kind == TextKind.Raw)
        {
            // With ample room whatever may become a tag may also be the text's own.
            if (!ample)
            {
                Walk(vocabulary.Tagged, state, allowed);
            }
        }
        else if (text.Utf8 != Utf8Progress.Boundary)
        {
            Walk(vocabulary.Special, state, allowed); // few tokens begin with the rest of a character
        }
        else if (text.Kind == TextKind.Name)
        {
            WriteNameEnds((NameState)state, text, allowed);
        }
        else if (ample && text.Missing == 0)
        {
            Walk(vocabulary.SpecialSuffixes, state, allowed); // tokens with the same end are one
        }
        else
        {
            Walk(vocabulary.Quotes, new LiteralState(Quote, text.Then!), allowed, text.Missing, text.Room);
            Walk(vocabulary.OtherSpecial, state, allowed);
        }
    }

    /// <summary>Adds the tokens that end a name, which must not become one that is taken.</summary>
    private void WriteNameEnds(NameState name, TextPosition text, TokenSet allowed)
    {
        _ending.Clear();
        Walk(vocabulary.Quotes, new LiteralState(Quote, text.Then!), _ending, text.Missing, text.Room);
        foreach (var rest in name.Forbidden())
        {
            foreach (var token in vocabulary.Special.StartingWith([.. rest, (byte)'"']))
            {
                _ending.Remove(token);
            }
        }

        allowed.UnionWith(_ending);
        Walk(vocabulary.OtherSpecial, name, allowed);
    }

    private void Walk(TokenTrie trie, GrammarState state, TokenSet allowed, int least = 0, int most = int.MaxValue)
    {
        _levels[0].Clear();
        _levels[0].Add(state);
        Walk(trie, allowed, least, most);
    }

    /// <summary>Adds the tokens of a tree that the states at level 0 allow, if so many characters precede their quotation mark.</summary>
    private void Walk(TokenTrie trie, TokenSet allowed, int least, int most)
    {
        if (_levels[0].Count == 0)
        {
            return;
        }

        for (var node = 0; node < trie.Count;)
        {
            var depth = trie.Depth(node);
            var next = _levels[depth];
            next.Clear();
            _levels[depth - 1].Read(trie.Label(node), next);
            if (next.Count == 0)
            {
                node = trie.End(node);
                continue;
            }

            foreach (var token in trie.Tokens(node))
            {
                if (vocabulary.BeforeQuote(token) is var before && before >= least && before <= most)
                {
                    allowed.Add(token);
                }
            }

            node++;
        }
    }
}

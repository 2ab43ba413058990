using Ds4Provider.Engine.Tokenization;

namespace Ds4Provider.Engine.Constraints.Masks;

/// <summary>
/// What can be known about a vocabulary before any reply: its tokens as a tree, and which of them may follow inside a
/// text. Inside a text nearly all may; walking them would take milliseconds, taking a prepared set microseconds.
/// Made once per model; thread-safe.
/// </summary>
internal sealed class VocabularyMasks
{
    private readonly TokenSet[] _json;
    private readonly TokenSet[] _raw;
    private readonly TokenSet?[] _short; // tokens of at most so many characters, made when first needed
    private readonly int[] _characters;
    private readonly int[] _beforeQuote;

    public VocabularyMasks(ITokenizer tokenizer)
    {
        Tokenizer = tokenizer;
        Plain = new TokenSet(tokenizer.VocabularySize);
        _json = Sets(tokenizer.VocabularySize);
        _raw = Sets(tokenizer.VocabularySize);
        _characters = new int[tokenizer.VocabularySize];
        _beforeQuote = new int[tokenizer.VocabularySize];
        List<(byte[] Bytes, int Token)> all = [], special = [], suffixes = [], quotes = [], others = [], tagged = [];
        for (var token = 0; token < tokenizer.VocabularySize; token++)
        {
            if (tokenizer.IsControl(token))
            {
                continue;
            }

            var bytes = tokenizer.Bytes(token).ToArray();
            if (bytes.Length == 0)
            {
                continue; // chooses nothing; a model could do so for ever
            }

            Plain.Add(token);
            all.Add((bytes, token));
            Classify(token, bytes);
            var at = bytes.AsSpan().IndexOfAny((byte)'"', (byte)'\\');
            if (at >= 0)
            {
                special.Add((bytes, token));
                var isWhole = Progress(bytes.AsSpan(0, at), Utf8Progress.Boundary, json: true) == Utf8Progress.Boundary;
                if (isWhole)
                {
                    suffixes.Add((bytes[at..], token));
                }

                if (isWhole && bytes[at] == '"' && bytes.AsSpan(at).Count((byte)'"') < 3)
                {
                    quotes.Add((bytes[at..], token));
                    _beforeQuote[token] = Characters(bytes.AsSpan(0, at));
                }
                else
                {
                    others.Add((bytes, token));
                }
            }

            if (bytes.AsSpan().EndsWith("<"u8) || bytes.AsSpan().EndsWith("</"u8))
            {
                tagged.Add((bytes, token));
            }
        }

        All = TokenTrie.Create(all);
        Special = TokenTrie.Create(special);
        SpecialSuffixes = TokenTrie.Create(suffixes);
        Quotes = TokenTrie.Create(quotes);
        OtherSpecial = TokenTrie.Create(others);
        Tagged = TokenTrie.Create(tagged);
        LongestText = _characters.Max();
        _short = new TokenSet?[LongestText + 1];
    }

    public ITokenizer Tokenizer { get; }

    /// <summary>All tokens but control tokens.</summary>
    public TokenSet Plain { get; }

    /// <summary>All tokens but control tokens.</summary>
    public TokenTrie All { get; }

    /// <summary>Those that contain a quotation mark or a backslash.</summary>
    public TokenTrie Special { get; }

    /// <summary>Of those, what stands from the first such character on, where only whole characters precede it.</summary>
    public TokenTrie SpecialSuffixes { get; }

    /// <summary>
    /// What stands in a token from its quotation mark on, where only characters of the text precede it. Those with so many
    /// quotation marks that a whole name may follow are left out.
    /// </summary>
    public TokenTrie Quotes { get; }

    /// <summary>The special tokens that <see cref="Quotes"/> leaves out, whole.</summary>
    public TokenTrie OtherSpecial { get; }

    /// <summary>Those that end with what may become a closing tag.</summary>
    public TokenTrie Tagged { get; }

    /// <summary>Characters of the longest token.</summary>
    public int LongestText { get; }

    /// <summary>Tokens that keep a JSON string (or a name) going.</summary>
    public TokenSet Json(int utf8) => _json[utf8];

    /// <summary>Tokens that keep a raw text going.</summary>
    public TokenSet Raw(int utf8) => _raw[utf8];

    /// <summary>Characters of a token before its quotation mark.</summary>
    public int BeforeQuote(int token) => _beforeQuote[token];

    /// <summary>Tokens that begin at most so many characters.</summary>
    public TokenSet Short(int characters)
    {
        if (_short[characters] is { } known)
        {
            return known;
        }

        var set = new TokenSet(Tokenizer.VocabularySize);
        for (var token = 0; token < _characters.Length; token++)
        {
            if (_characters[token] <= characters)
            {
                set.Add(token);
            }
        }

        return _short[characters] = set;
    }

    private static TokenSet[] Sets(int size) => [.. Enumerable.Range(0, Utf8Progress.States).Select(_ => new TokenSet(size))];

    private static int Progress(ReadOnlySpan<byte> bytes, int utf8, bool json)
    {
        foreach (var value in bytes)
        {
            if (json && (value < ' ' || value is (byte)'"' or (byte)'\\'))
            {
                return Utf8Progress.Invalid;
            }

            utf8 = Utf8Progress.Next(utf8, value);
            if (utf8 == Utf8Progress.Invalid)
            {
                break;
            }
        }

        return utf8;
    }

    private static int Characters(ReadOnlySpan<byte> bytes)
    {
        var count = 0;
        foreach (var value in bytes)
        {
            count += Utf8Progress.Begins(value) ? 1 : 0;
        }

        return count;
    }

    private void Classify(int token, byte[] bytes)
    {
        _characters[token] = Characters(bytes);
        for (var utf8 = 0; utf8 < Utf8Progress.States; utf8++)
        {
            if (Progress(bytes, utf8, json: true) >= 0)
            {
                _json[utf8].Add(token);
            }

            if (Progress(bytes, utf8, json: false) >= 0)
            {
                _raw[utf8].Add(token);
            }
        }
    }
}

using System.Text;

namespace Ds4Provider.Engine.Tokenization;

/// <summary>The tokens of a model: their bytes, which of them are control tokens, and how pairs merge. Immutable.</summary>
internal sealed class Vocabulary
{
    private const char FullWidthBar = '｜';

    private readonly byte[] _bytes;
    private readonly int[] _offsets;
    private readonly bool[] _control;
    private readonly int[] _byteTokens = new int[256];
    private readonly Dictionary<ulong, Merge> _merges = [];

    private Vocabulary(IReadOnlyList<string> tokens, IReadOnlyList<string> merges)
    {
        var ids = new Dictionary<string, int>(tokens.Count, StringComparer.Ordinal);
        for (var id = 0; id < tokens.Count; id++)
        {
            ids.TryAdd(tokens[id], id);
        }

        Control = FindControlTokens(ids);
        _control = new bool[tokens.Count];
        Array.Fill(_control, true); // until it proves to be a byte or what a merge makes
        FindByteTokens(ids);
        ReadMerges(merges, ids);
        foreach (var token in Control.All)
        {
            _control[token] = true;
        }

        (_bytes, _offsets) = DecodeTokens(tokens);
    }

    /// <summary>Number of tokens.</summary>
    public int Count => _offsets.Length - 1;

    /// <summary>The control tokens that the template uses.</summary>
    public ControlTokens Control { get; }

    /// <summary>Reads the lists of a GGUF file.</summary>
    /// <param name="tokens">Token texts; the index is the id.</param>
    /// <param name="merges"><c>left right</c>; the index is the rank.</param>
    /// <exception cref="EngineException">A control token, a byte or a merged token is missing.</exception>
    public static Vocabulary Create(IReadOnlyList<string> tokens, IReadOnlyList<string> merges) => new(tokens, merges);

    /// <summary>The token of a single byte.</summary>
    public int ByteToken(byte value) => _byteTokens[value];

    /// <summary>How two adjacent tokens merge; false when they do not.</summary>
    public bool TryMerge(int left, int right, out Merge merge) => _merges.TryGetValue(Pair(left, right), out merge);

    /// <summary>The bytes of a token.</summary>
    public ReadOnlySpan<byte> Bytes(int token)
    {
        CheckToken(token);
        return _bytes.AsSpan(_offsets[token].._offsets[token + 1]);
    }

    /// <summary>Whether the token is a special string, which no text encodes to: neither a byte nor what a merge makes.</summary>
    public bool IsControl(int token)
    {
        CheckToken(token);
        return _control[token];
    }

    private void CheckToken(int token)
    {
        if ((uint)token >= (uint)Count)
        {
            throw new ArgumentOutOfRangeException(nameof(token), token, $"The vocabulary has the tokens 0 … {Count - 1}.");
        }
    }

    private static ulong Pair(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    private static ControlTokens FindControlTokens(Dictionary<string, int> ids) => new(
        Find(ids, ControlTexts.BeginOfSentence),
        Find(ids, ControlTexts.EndOfSentence),
        Find(ids, ControlTexts.User),
        Find(ids, ControlTexts.Assistant),
        Find(ids, ControlTexts.ThinkOpen),
        Find(ids, ControlTexts.ThinkClose),
        Find(ids, ControlTexts.Dsml));

    private static int Find(Dictionary<string, int> ids, string text) =>
        ids.TryGetValue(text, out var id)
            ? id
            : throw new EngineException(
                EngineStatus.Unsupported,
                $"The vocabulary has no control token '{text}', which the chat format needs: use a chat model of this family.");

    private void FindByteTokens(Dictionary<string, int> ids)
    {
        for (var value = 0; value < _byteTokens.Length; value++)
        {
            var character = ByteAlphabet.Character((byte)value);
            _byteTokens[value] = ids.TryGetValue(character.ToString(), out var id)
                ? id
                : throw new EngineException(
                    EngineStatus.Unsupported,
                    $"The vocabulary has no token '{character}' for the byte 0x{value:X2}: it is not a byte-level one.");
            _control[_byteTokens[value]] = false;
        }
    }

    private void ReadMerges(IReadOnlyList<string> merges, Dictionary<string, int> ids)
    {
        for (var rank = 0; rank < merges.Count; rank++)
        {
            var merge = merges[rank];
            var space = merge.IndexOf(' ', StringComparison.Ordinal);
            if (space <= 0 || !ids.TryGetValue(string.Concat(merge.AsSpan(0, space), merge.AsSpan(space + 1)), out var merged))
            {
                throw new EngineException(
                    EngineStatus.Format,
                    $"Merge {rank} of the vocabulary, '{merge}', does not make one of its tokens: the file is damaged.");
            }

            _control[merged] = false;

            // A merge of what is no token itself can never come about. The first rank of a pair counts.
            if (ids.TryGetValue(merge[..space], out var left) && ids.TryGetValue(merge[(space + 1)..], out var right))
            {
                _merges.TryAdd(Pair(left, right), new Merge(rank, merged));
            }
        }
    }

    private (byte[] Bytes, int[] Offsets) DecodeTokens(IReadOnlyList<string> tokens)
    {
        var bytes = new MemoryStream();
        var offsets = new int[tokens.Count + 1];
        for (var id = 0; id < tokens.Count; id++)
        {
            if (_control[id] && tokens[id].Contains(FullWidthBar, StringComparison.Ordinal))
            {
                bytes.Write(Encoding.UTF8.GetBytes(tokens[id]));
            }
            else
            {
                WriteAlphabet(tokens[id], bytes);
            }

            offsets[id + 1] = (int)bytes.Length;
        }

        return (bytes.ToArray(), offsets);
    }

    private static void WriteAlphabet(string token, MemoryStream bytes)
    {
        foreach (var rune in token.EnumerateRunes())
        {
            if (rune.IsBmp && ByteAlphabet.TryGetByte((char)rune.Value, out var value))
            {
                bytes.WriteByte(value);
            }
            else
            {
                bytes.Write(Encoding.UTF8.GetBytes(rune.ToString()));
            }
        }
    }
}

/// <summary>What a pair merges into.</summary>
/// <param name="Rank">The lower, the earlier.</param>
/// <param name="Token">The merged token.</param>
internal readonly record struct Merge(int Rank, int Token);

using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Ds4Provider.Engine.Tokenization;

/// <summary>
/// The tokens of texts met before: a conversation comes back whole with every turn. Found by a digest of the text, so that
/// what is remembered is tokens only. Thread-safe.
/// </summary>
/// <param name="tokenizer">Encodes what is new.</param>
/// <param name="capacity">Most tokens that are remembered, four bytes each.</param>
internal sealed class EncodedTexts(ITokenizer tokenizer, int capacity = 4 * 1024 * 1024)
{
    /// <summary>Shorter texts are encoded as quickly as they are found.</summary>
    private const int LeastLength = 64;

    private readonly Lock _gate = new();
    private readonly Dictionary<UInt128, LinkedListNode<(UInt128 Key, int[] Tokens)>> _byKey = [];
    private readonly LinkedList<(UInt128 Key, int[] Tokens)> _byUse = []; // the latest first
    private int _held;

    /// <summary>Tokens that are remembered.</summary>
    public int Held
    {
        get
        {
            lock (_gate)
            {
                return _held;
            }
        }
    }

    /// <summary>Appends the tokens of a text.</summary>
    public void Encode(string text, List<int> tokens)
    {
        if (text.Length < LeastLength)
        {
            tokenizer.Encode(text, tokens);
            return;
        }

        var key = KeyOf(text);
        if (Find(key) is not { } known)
        {
            var encoded = new List<int>();
            tokenizer.Encode(text, encoded);
            known = [.. encoded];
            Remember(key, known);
        }

        tokens.AddRange(known);
    }

    private static UInt128 KeyOf(string text)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(MemoryMarshal.AsBytes(text.AsSpan()), digest);
        return MemoryMarshal.Read<UInt128>(digest);
    }

    private int[]? Find(UInt128 key)
    {
        lock (_gate)
        {
            if (!_byKey.TryGetValue(key, out var node))
            {
                return null;
            }

            _byUse.Remove(node);
            _byUse.AddFirst(node);
            return node.Value.Tokens;
        }
    }

    private void Remember(UInt128 key, int[] tokens)
    {
        if (tokens.Length > capacity)
        {
            return;
        }

        lock (_gate)
        {
            if (_byKey.ContainsKey(key))
            {
                return;
            }

            _byKey[key] = _byUse.AddFirst((key, tokens));
            _held += tokens.Length;
            while (_held > capacity && _byUse.Last is { } oldest)
            {
                _byUse.RemoveLast();
                _byKey.Remove(oldest.Value.Key);
                _held -= oldest.Value.Tokens.Length;
            }
        }
    }
}

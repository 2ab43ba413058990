using System.Runtime.InteropServices;

namespace Ds4Provider.Engine.Tokenization;

/// <summary>Byte-level BPE over the vocabulary of a model. Thread-safe.</summary>
internal sealed class BytePairTokenizer(Vocabulary vocabulary) : ITokenizer
{
    private readonly PieceCache _cache = new();

    /// <inheritdoc/>
    public int VocabularySize => vocabulary.Count;

    /// <inheritdoc/>
    public ControlTokens Control => vocabulary.Control;

    /// <summary>Creates the tokenizer from the lists of a GGUF file.</summary>
    /// <param name="tokens">Token texts.</param>
    /// <param name="merges">Merges by rank.</param>
    /// <param name="vocabularySize">Number of logits of the model.</param>
    /// <exception cref="EngineException">The lists do not make a usable vocabulary.</exception>
    public static BytePairTokenizer Create(IReadOnlyList<string> tokens, IReadOnlyList<string> merges, int vocabularySize) =>
        tokens.Count == vocabularySize
            ? new BytePairTokenizer(Vocabulary.Create(tokens, merges))
            : throw new EngineException(
                EngineStatus.Format,
                $"The file lists {tokens.Count} tokens, but its model has {vocabularySize}: the file is damaged.");

    /// <inheritdoc/>
    public void Encode(ReadOnlySpan<char> text, ICollection<int> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        var merger = new PairMerger(vocabulary);
        var buffer = new List<int>();
        var pieces = new PieceReader(text);
        while (pieces.TryRead(out var piece))
        {
            if (!_cache.TryGet(piece, out var known))
            {
                buffer.Clear();
                merger.Encode(piece, buffer);
                _cache.Add(piece, CollectionsMarshal.AsSpan(buffer));
                Append(CollectionsMarshal.AsSpan(buffer), tokens);
                continue;
            }

            Append(known, tokens);
        }
    }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Bytes(int token) => vocabulary.Bytes(token);

    /// <inheritdoc/>
    public bool IsControl(int token) => vocabulary.IsControl(token);

    private static void Append(ReadOnlySpan<int> source, ICollection<int> target)
    {
        foreach (var token in source)
        {
            target.Add(token);
        }
    }
}

using Ds4Provider.Engine.Tokenization;

namespace Ds4Provider.Engine.Specs.Fixtures;

/// <summary>A vocabulary without weights.</summary>
internal sealed class FakeModel(ITokenizer tokenizer) : ILanguageModel
{
    public ModelDescription Description { get; } = new("none", tokenizer.VocabularySize, 1);

    public ITokenizer Tokenizer => tokenizer;

    public long EstimateSessionBytes(int contextLength, EngineMode mode) => throw new NotSupportedException();

    public ILanguageSession CreateSession(int contextLength, EngineMode mode) => throw new NotSupportedException();

    public long StateBytes => throw new NotSupportedException();

    public void Decode(IReadOnlyList<ILanguageSession> sessions, ReadOnlySpan<int> tokens) => throw new NotSupportedException();

    public ISessionCheckpoint LoadCheckpoint(Stream stream, ISessionCheckpoint? baseCheckpoint) => throw new NotSupportedException();

    public void Dispose()
    {
    }
}

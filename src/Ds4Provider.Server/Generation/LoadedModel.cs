using Ds4Provider.Engine;
using Ds4Provider.Engine.Prompting;
using Ds4Provider.Engine.Replies;
using Ds4Provider.Engine.Sampling;
using Ds4Provider.Engine.Tokenization;
using Ds4Provider.Server.Hosting;

namespace Ds4Provider.Server.Generation;

/// <summary>A model that is open, with everything that reads and writes for it. Thread-safe but for its sessions.</summary>
internal sealed class LoadedModel : IDisposable
{
    private readonly IEngineFactory engine;

    public LoadedModel(ILanguageModel model, IEngineFactory engine, int contextWindow)
    {
        this.engine = engine;
        Model = model;
        Template = engine.CreateTemplate(model.Tokenizer);
        ContextWindow = contextWindow > 0 ? Math.Min(contextWindow, model.Description.ContextLength) : model.Description.ContextLength;
        ControlTokens = [.. Enumerable.Range(0, Tokenizer.VocabularySize).Where(Tokenizer.IsControl)];
    }

    public ILanguageModel Model { get; }

    public ITokenizer Tokenizer => Model.Tokenizer;

    public IPromptTemplate Template { get; }

    /// <summary>Tokens that prompt and reply may hold together.</summary>
    public int ContextWindow { get; }

    /// <summary>Ids of every control token.</summary>
    public IReadOnlyList<int> ControlTokens { get; }

    public IReplyParser CreateParser(bool thinking) => engine.CreateParser(Tokenizer, thinking);

    public ISampler CreateSampler(SamplingOptions options) => engine.CreateSampler(options);

    public void Dispose() => Model.Dispose();
}

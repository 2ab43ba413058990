using Ds4Provider.Engine.Constraints;
using Ds4Provider.Engine.Constraints.Masks;
using Ds4Provider.Engine.Native;
using Ds4Provider.Engine.Prompting;
using Ds4Provider.Engine.Replies;
using Ds4Provider.Engine.Sampling;
using Ds4Provider.Engine.Tokenization;

namespace Ds4Provider.Engine;

/// <summary>An opened model with its chat format: all that a server needs. Thread-safe as its parts are.</summary>
public sealed class LoadedModel : IDisposable
{
    private readonly ReplyGrammarCache _grammars;

    /// <summary>Adds the chat format to a model.</summary>
    /// <param name="model">The model, disposed with this object.</param>
    public LoadedModel(ILanguageModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        Model = model;
        Template = new PromptTemplate(model.Tokenizer);
        _grammars = new ReplyGrammarCache(new VocabularyMasks(model.Tokenizer));
    }

    /// <summary>The model.</summary>
    public ILanguageModel Model { get; }

    /// <summary>The model's vocabulary.</summary>
    public ITokenizer Tokenizer => Model.Tokenizer;

    /// <summary>The chat format.</summary>
    public IPromptTemplate Template { get; }

    /// <summary>Loads an engine and opens a model with it. Several engines and models may be open at a time.</summary>
    /// <param name="libraryPath">Path of <c>libds4</c>.</param>
    /// <param name="modelPath">Path of the GGUF file.</param>
    /// <param name="threads">Compute threads; 0 = one per usable core.</param>
    /// <exception cref="EngineException">The engine cannot be loaded, or the file is not a model that it runs.</exception>
    public static LoadedModel Open(string libraryPath, string modelPath, int threads = 0)
    {
        var model = NativeModel.Open(libraryPath, modelPath, threads);
        try
        {
            return new LoadedModel(model);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>
    /// What replies must keep; <see cref="ReplyGrammar.Begin"/> then gives the mask of each token. Compiled once for equal
    /// rules. Thread-safe.
    /// </summary>
    /// <exception cref="SchemaException">A schema is not valid, cannot be satisfied, or asks for what is not enforced.</exception>
    /// <exception cref="ArgumentException">A tool is required that is not among the tools.</exception>
    public ReplyGrammar Compile(ReplyRules rules) => _grammars.Compile(rules);

    /// <summary>Begins reading a reply.</summary>
    /// <param name="thinking">Whether the prompt was rendered with thinking.</param>
    /// <param name="allowCalls">Whether the reply may call tools.</param>
    /// <param name="isConstrained">
    /// Whether every token is of the mask of a <see cref="ReplyGrammar"/>: arguments that are JSON are then handed out as
    /// they grow, not when they are complete.
    /// </param>
    public IReplyParser CreateReplyParser(bool thinking, bool allowCalls = true, bool isConstrained = false) =>
        new ReplyParser(Tokenizer, thinking, allowCalls, isConstrained, static () => $"call_{Guid.NewGuid():N}");

    /// <summary>Begins sampling a reply.</summary>
    /// <param name="options">How tokens are chosen.</param>
    public static ISampler CreateSampler(SamplingOptions options) => new Sampler(options);

    /// <summary>Closes the model; dispose its sessions first.</summary>
    public void Dispose() => Model.Dispose();
}

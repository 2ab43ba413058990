using Ds4Provider.Engine.Native;
using Ds4Provider.Engine.Prompting;
using Ds4Provider.Engine.Replies;
using Ds4Provider.Engine.Sampling;
using Ds4Provider.Engine.Tokenization;

namespace Ds4Provider.Engine;

/// <summary>An opened model with its chat format: all that a server needs. Thread-safe as its parts are.</summary>
public sealed class LoadedModel : IDisposable
{
    /// <summary>Adds the chat format to a model.</summary>
    /// <param name="model">The model, disposed with this object.</param>
    public LoadedModel(ILanguageModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        Model = model;
        Template = new PromptTemplate(model.Tokenizer);
        ControlTokens = [.. Enumerable.Range(0, model.Tokenizer.VocabularySize).Where(model.Tokenizer.IsControl)];
    }

    /// <summary>The model.</summary>
    public ILanguageModel Model { get; }

    /// <summary>The model's vocabulary.</summary>
    public ITokenizer Tokenizer => Model.Tokenizer;

    /// <summary>The chat format.</summary>
    public IPromptTemplate Template { get; }

    /// <summary>Every control token of the vocabulary, ascending: mask those that <see cref="IReplyParser.Allows"/> refuses.</summary>
    public IReadOnlyList<int> ControlTokens { get; }

    /// <summary>Loads an engine and opens a model with it. Several engines and models may be open at a time.</summary>
    /// <param name="libraryPath">Path of <c>libds4</c>.</param>
    /// <param name="modelPath">Path of the GGUF file.</param>
    /// <param name="threads">Compute threads; 0 = one per usable core.</param>
    /// <exception cref="EngineException">The engine cannot be loaded, or the file is not a model that it runs.</exception>
    public static LoadedModel Open(string libraryPath, string modelPath, int threads = 0) =>
        new(NativeModel.Open(libraryPath, modelPath, threads));

    /// <summary>Begins reading a reply.</summary>
    /// <param name="thinking">Whether the prompt was rendered with thinking.</param>
    /// <param name="allowCalls">Whether the reply may call tools.</param>
    public IReplyParser CreateReplyParser(bool thinking, bool allowCalls = true) =>
        new ReplyParser(Tokenizer, thinking, allowCalls, static () => $"call_{Guid.NewGuid():N}");

    /// <summary>Begins sampling a reply.</summary>
    /// <param name="options">How tokens are chosen.</param>
    public static ISampler CreateSampler(SamplingOptions options) => new Sampler(options);

    /// <summary>Closes the model; dispose its sessions first.</summary>
    public void Dispose() => Model.Dispose();
}

using Ds4Provider.Engine;
using Ds4Provider.Engine.Prompting;
using Ds4Provider.Engine.Replies;
using Ds4Provider.Engine.Sampling;
using Ds4Provider.Engine.Tokenization;
using Ds4Provider.Wire.Server;

namespace Ds4Provider.Server.Hosting;

/// <summary>Makes the parts of the engine that the server puts together. Thread-safe.</summary>
public interface IEngineFactory
{
    /// <summary>Opens the model; blocks until its weights are mapped.</summary>
    /// <exception cref="EngineException">The library or the file cannot be used; the message says why.</exception>
    ILanguageModel OpenModel(ServerConfiguration configuration);

    /// <summary>The chat format of the model.</summary>
    IPromptTemplate CreateTemplate(ITokenizer tokenizer);

    /// <summary>A reader of one reply.</summary>
    /// <param name="tokenizer">The model's vocabulary.</param>
    /// <param name="thinking">Whether the generation prompt opened the reasoning.</param>
    IReplyParser CreateParser(ITokenizer tokenizer, bool thinking);

    /// <summary>A sampler for one reply.</summary>
    ISampler CreateSampler(SamplingOptions options);
}

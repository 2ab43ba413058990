using Ds4Provider.Engine.Prompting;
using Ds4Provider.Server.Generation;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Replay;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Server.Requests;

/// <summary>Turns requests into jobs: renders the prompt, counts it, settles the limits. Thread-safe.</summary>
internal sealed partial class GenerationJobs(SampledTurnStore turns, ILogger<GenerationJobs> logger)
{
    /// <summary>DeepSeek trained the maximum effort for contexts of at least this many tokens; in less it only runs out.</summary>
    private const int LeastContextForMaximum = 393_216;

    /// <exception cref="ApiException">The prompt does not fit in the context, or a schema cannot be served.</exception>
    public GenerationJob Create(ServedModel model, GenerationRequest request, string id, CancellationToken cancellationToken)
    {
        RenderedPrompt prompt = Render(model, request.Prompt, id);
        int room = model.ContextWindow - prompt.Tokens.Count;
        if (room < 1)
            throw ApiException.PromptTooLong(request.Prompt.Field, prompt.Tokens.Count, model.ContextWindow);
        int maximumTokens = Math.Min(request.MaximumTokens ?? room, room);
        return new GenerationJob(prompt.Tokens.ToArray())
        {
            Id = id,
            MaximumTokens = maximumTokens,
            Sampling = request.Sampling,
            StopStrings = request.StopStrings,
            Thinking = prompt.Thinking,
            ReasoningIsDropped = prompt.ReasoningIsDropped,
            Grammar = ReplyGrammars.Compile(
                model, request.Rules, prompt.Thinking, maximumTokens, request.SchemaField, request.MaximumField),
            History = prompt.History,
            CancellationToken = cancellationToken,
        };
    }

    /// <summary>Number of tokens of a prompt.</summary>
    public int Count(ServedModel model, PromptSource prompt, string id) => Render(model, prompt, id).Tokens.Count;

    private RenderedPrompt Render(ServedModel model, PromptSource prompt, string id) => prompt switch
    {
        ConversationPrompt chat => Render(model, Settle(chat.Conversation, model.ContextWindow), id),
        TextPrompt text => Render(model, text, id),
        _ => throw new ArgumentException($"Unknown prompt {prompt.GetType().Name}.", nameof(prompt)),
    };

    private RenderedPrompt Render(ServedModel model, Conversation conversation, string id)
    {
        var sampled = new ConversationTurns(turns, model.Engine.Tokenizer.Control, conversation);
        IReadOnlyList<PromptSegment> segments = model.Engine.Template.Render(conversation, sampled);
        if (logger.IsEnabled(LogLevel.Trace))
        {
            string text = string.Concat(segments.Select(Describe));
            LogPrompt(id, text);
        }
        return new RenderedPrompt(
            model.Engine.Template.Encode(segments), conversation.Thinking != ThinkingMode.Off, sampled.History)
        {
            ReasoningIsDropped = conversation.Thinking != ThinkingMode.Off && conversation.Tools.Count == 0,
        };
    }

    private RenderedPrompt Render(ServedModel model, TextPrompt prompt, string id)
    {
        LogPrompt(id, prompt.Text);
        List<int> tokens = [model.Engine.Tokenizer.Control.BeginOfSentence];
        model.Engine.Tokenizer.Encode(prompt.Text, tokens);
        return new RenderedPrompt(tokens, Thinking: false, TurnKey.Of("text", prompt.Text));
    }

    private static Conversation Settle(Conversation conversation, int contextWindow) =>
        conversation.Thinking == ThinkingMode.Maximum && contextWindow < LeastContextForMaximum
            ? conversation with { Thinking = ThinkingMode.On }
            : conversation;

    private static string Describe(PromptSegment segment) => segment switch
    {
        TextSegment text => text.Text,
        ControlSegment control => $"[{control.Token}]",
        SampledSegment sampled => $"[{sampled.Tokens.Count} sampled tokens]",
        _ => $"[{segment.GetType().Name}]",
    };

    [LoggerMessage(Level = LogLevel.Trace, Message = "{Id}: prompt {Prompt}")]
    private partial void LogPrompt(string id, string prompt);

    private sealed record RenderedPrompt(IReadOnlyList<int> Tokens, bool Thinking, TurnKey History)
    {
        /// <summary>Whether the next prompt of the conversation is rendered without the reasoning of this reply.</summary>
        public bool ReasoningIsDropped { get; init; }
    }
}

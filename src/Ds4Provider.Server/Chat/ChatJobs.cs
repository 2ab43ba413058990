using Ds4Provider.Engine.Prompting;
using Ds4Provider.Server.Generation;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Replay;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Server.Chat;

/// <summary>Turns chat requests into jobs: renders the prompt, counts it, settles the limits. Thread-safe.</summary>
internal sealed partial class ChatJobs(SampledTurnStore turns, ILogger<ChatJobs> logger)
{
    /// <exception cref="ApiException">The prompt does not fit in the context.</exception>
    public GenerationJob Create(ServedModel model, ChatRequest request, string id, CancellationToken cancellationToken)
    {
        var conversation = new ConversationTurns(turns, model.Engine.Tokenizer.Control, request.Conversation);
        IReadOnlyList<PromptSegment> segments = model.Engine.Template.Render(request.Conversation, conversation);
        if (logger.IsEnabled(LogLevel.Trace))
        {
            string text = string.Concat(segments.Select(Describe));
            LogPrompt(id, text);
        }
        IReadOnlyList<int> prompt = model.Engine.Template.Encode(segments);
        int room = model.ContextWindow - prompt.Count;
        if (room < 1)
        {
            throw ApiException.Invalid(
                "messages",
                $"The prompt has {prompt.Count} tokens, but the context holds {model.ContextWindow}, the reply included. Shorten the messages or the tools.",
                "context_length_exceeded");
        }
        return new GenerationJob(prompt)
        {
            Id = id,
            MaximumTokens = Math.Min(request.MaximumTokens ?? room, room),
            Sampling = request.Sampling,
            StopStrings = request.StopStrings,
            Thinking = request.Conversation.Thinking != ThinkingMode.Off,
            CallsAllowed = request.CallsAllowed,
            History = conversation.History,
            CancellationToken = cancellationToken,
        };
    }

    private static string Describe(PromptSegment segment) => segment switch
    {
        TextSegment text => text.Text,
        ControlSegment control => $"[{control.Token}]",
        SampledSegment sampled => $"[{sampled.Tokens.Count} sampled tokens]",
        _ => $"[{segment.GetType().Name}]",
    };

    [LoggerMessage(Level = LogLevel.Trace, Message = "{Id}: prompt {Prompt}")]
    private partial void LogPrompt(string id, string prompt);
}

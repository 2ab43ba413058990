using Agent.Hosting;
using Agent.Models;
using AgentHost;
using Microsoft.Extensions.AI;

namespace Agent.Loop;

/// <summary>
/// The agent: sends the conversation, runs the calls of the reply, sends their results, until a reply has no calls. One
/// input at a time.
/// </summary>
internal sealed class AgentLoop(
    SelectedModel model,
    Conversation conversation,
    Toolbox toolbox,
    EventHub events,
    IExtensionContext context,
    IAgentView view,
    LoopOptions options,
    TimeProvider time)
{
    /// <summary>Deals with one input. Does not throw for a cancelled or failed turn: the outcome says so.</summary>
    public async Task<AgentOutcome> RunAsync(string input, CancellationToken cancellationToken)
    {
        TurnStatistics statistics = new();
        AgentOutcome outcome;
        try
        {
            outcome = await AnswerAsync(input, statistics, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            outcome = new AgentOutcome(AgentEnd.Cancelled, "", statistics);
        }
        // A provider may throw anything; the conversation goes on with the next input.
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            outcome = new AgentOutcome(AgentEnd.Failed, "", statistics) { Error = Explain(exception) };
        }
        await events.RaiseAsync(new AgentSettled(outcome.End is AgentEnd.Cancelled or AgentEnd.Failed), context, CancellationToken.None);
        return outcome;
    }

    private async Task<AgentOutcome> AnswerAsync(string input, TurnStatistics statistics, CancellationToken cancellationToken)
    {
        InputReceived received = new(input);
        await events.RaiseAsync(received, context, cancellationToken);
        if (received.Handled)
            return new AgentOutcome(AgentEnd.Handled, "", statistics);

        conversation.Add(new ChatMessage(ChatRole.User, received.Text));
        ToolRunner runner = new(toolbox, events, context, view);
        for (int turn = 0; turn < options.MaximumTurns; turn++)
        {
            Reply reply = await RequestAsync(statistics, cancellationToken);
            bool cut = reply.FinishReason == ChatFinishReason.Length;
            // Calls of a reply that was cut do not run, and a call without a result must not be sent.
            if (!cut || reply.Calls.Count == 0)
                conversation.Add(reply.Message);
            if (cut)
                return Failed(statistics, "The reply was cut: the limit of tokens is reached. Ask for less, or begin a new conversation.");
            if (reply.Calls.Count == 0)
                return new AgentOutcome(AgentEnd.Answered, reply.Text, statistics);

            conversation.Add(await runner.RunAsync(reply.Calls, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
        return Failed(statistics, $"Stopped after {options.MaximumTurns} requests without an answer.");
    }

    /// <summary>Sends the conversation. Throws unless the reply comes to its end.</summary>
    private async Task<Reply> RequestAsync(TurnStatistics statistics, CancellationToken cancellationToken)
    {
        view.RequestStarted();
        bool complete = false;
        try
        {
            await PrepareAsync(cancellationToken);
            RequestSending sending = new(model.FullName, conversation.ToRequest(), CreateOptions());
            await events.RaiseAsync(sending, context, cancellationToken);

            ReplyReader reader = new(model.Provider, view, time);
            Reply reply = await reader.ReadAsync(
                model.Client.GetStreamingResponseAsync(sending.Messages, sending.Options, cancellationToken), cancellationToken);
            complete = true;
            statistics.Add(reply.Usage, reply.WritingTime);
            view.ReplyEnded(reply.Calls.Count > 0 ? ReplyEnd.Calls : ReplyEnd.Answer);
            await events.RaiseAsync(new ResponseReceived(reply.Message, reply.Usage), context, cancellationToken);
            return reply;
        }
        finally
        {
            if (!complete)
                view.ReplyEnded(ReplyEnd.Aborted);
        }
    }

    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        PrepareRequest request = new()
        {
            Reason = PrepareReason.Request,
            Progress = new ViewProgress(view),
            ConfirmDownload = options.ConfirmDownload,
        };
        await model.Provider.PrepareAsync(model.Info, request, cancellationToken);
    }

    private ChatOptions CreateOptions()
    {
        ChatOptions chatOptions = new() { ModelId = model.Info.Id, Tools = toolbox.Declarations, AllowMultipleToolCalls = true };
        if (ThinkingLevels.Nearest(model.Info, options.Thinking) is { } level)
            ThinkingLevels.Apply(chatOptions, level);
        return chatOptions;
    }

    private static AgentOutcome Failed(TurnStatistics statistics, string error) =>
        new(AgentEnd.Failed, "", statistics) { Error = error };

    private string Explain(Exception exception) => exception switch
    {
        ProviderUnavailableException unavailable => ModelChooser.Explain(new ModelEntry(model.Provider, model.Info), unavailable),
        ExtensionHandlerException => exception.Message,
        _ => $"{model.FullName}: {exception.Message}",
    };

    private sealed class ViewProgress(IAgentView view) : IProgress<ProviderProgress>
    {
        public void Report(ProviderProgress value) => view.Progress(value);
    }
}

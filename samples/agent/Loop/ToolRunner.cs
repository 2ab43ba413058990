using System.Text.Json;
using System.Text.Json.Nodes;
using Agent.Hosting;
using Agent.Tools;
using AgentHost;
using Microsoft.Extensions.AI;

namespace Agent.Loop;

/// <summary>Runs the calls of a reply at the same time.</summary>
internal sealed class ToolRunner(Toolbox toolbox, EventHub events, IExtensionContext context, IAgentView view)
{
    /// <summary>What the model gets for a call that was cancelled.</summary>
    public static readonly ToolResult Cancelled = new("Error: the user cancelled this call.", IsError: true) { Summary = "cancelled" };

    /// <summary>
    /// The results, in the order of the calls. Every call has one, also after cancellation: a call without a result would
    /// make the conversation invalid.
    /// </summary>
    public async Task<ChatMessage> RunAsync(IReadOnlyList<FunctionCallContent> calls, CancellationToken cancellationToken)
    {
        foreach (FunctionCallContent call in calls)
            view.CallStarted(call.CallId);
        Task<ToolResult>[] running = [.. calls.Select(call => Task.Run(() => RunOneAsync(call, cancellationToken), CancellationToken.None))];
        ToolResult[] results = await Task.WhenAll(running);
        return new ChatMessage(ChatRole.Tool, [.. calls.Zip(results, (call, result) => new FunctionResultContent(call.CallId, result.Text))]);
    }

    private async Task<ToolResult> RunOneAsync(FunctionCallContent call, CancellationToken cancellationToken)
    {
        ToolResult? result = null;
        try
        {
            result = await ExecuteAsync(call, cancellationToken);
            ToolCompleted completed = new(call.Name, call.CallId, result);
            await events.RaiseAsync(completed, context, cancellationToken);
            result = completed.Result;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            result ??= Cancelled;
        }
        view.CallEnded(call.CallId, result);
        return result;
    }

    private async Task<ToolResult> ExecuteAsync(FunctionCallContent call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (toolbox.Find(call.Name) is not { } tool)
            return Failure($"there is no tool named {call.Name}.");
        if (call.Exception is not null)
            return Failure($"the arguments of {call.Name} are not a JSON object: {call.Exception.Message}");

        JsonObject arguments = CallArguments.ToJson(call);
        try
        {
            ToolCalling calling = new(call.Name, call.CallId, arguments);
            await events.RaiseAsync(calling, context, cancellationToken);
            if (calling.BlockReason is { } reason)
                return Failure(reason);
            ToolCall toolCall = new(call.CallId, JsonSerializer.SerializeToElement(arguments))
            {
                Output = new CallOutput(view, call.CallId),
            };
            return await tool.ExecuteAsync(toolCall, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        // Whatever went wrong, the model can only react to what it is told.
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return Failure(exception is ToolException or ExtensionHandlerException or IOException or UnauthorizedAccessException
                ? exception.Message
                : $"{exception.GetType().Name}: {exception.Message}");
        }
    }

    private static ToolResult Failure(string message) => new($"Error: {message}", IsError: true);

    private sealed class CallOutput(IAgentView view, string callId) : IProgress<string>
    {
        public void Report(string value) => view.CallOutput(callId, value);
    }
}

using System.Collections.Concurrent;
using AgentHost;
using Microsoft.Extensions.Logging;

namespace Agent.Hosting;

/// <summary>Brings events to the handlers of extensions, one handler at a time per kind of event.</summary>
internal sealed partial class EventHub(ILogger<EventHub> logger)
{
    private readonly ConcurrentDictionary<Type, Handlers> handlersByEvent = new();

    /// <param name="extension">Position in the order of loading, and name.</param>
    /// <param name="order">Order within the extension.</param>
    /// <param name="handler">The handler.</param>
    public IDisposable Add<TEvent>((int Position, string Id) extension, int order, ExtensionHandler<TEvent> handler)
        where TEvent : ExtensionEvent
    {
        Handlers handlers = handlersByEvent.GetOrAdd(typeof(TEvent), _ => new Handlers());
        return handlers.Add(new Handler(handlers, extension.Position, extension.Id, order, handler));
    }

    /// <summary>Runs the handlers of an event.</summary>
    /// <exception cref="ExtensionHandlerException">A handler failed where the agent must not go on.</exception>
    public async Task RaiseAsync<TEvent>(TEvent e, IExtensionContext context, CancellationToken cancellationToken)
        where TEvent : ExtensionEvent
    {
        if (!handlersByEvent.TryGetValue(typeof(TEvent), out Handlers? handlers))
            return;
        await handlers.OneAtATime.WaitAsync(cancellationToken);
        try
        {
            foreach (Handler handler in handlers.InOrder())
                await RunAsync(handler, e, context, cancellationToken);
        }
        finally
        {
            handlers.OneAtATime.Release();
        }
    }

    private async Task RunAsync<TEvent>(Handler handler, TEvent e, IExtensionContext context, CancellationToken cancellationToken)
        where TEvent : ExtensionEvent
    {
        try
        {
            await ((ExtensionHandler<TEvent>)handler.Delegate)(e, context, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception exception) when (e is ToolCalling or RequestSending)
        {
            throw new ExtensionHandlerException(handler.ExtensionId, typeof(TEvent).Name, exception);
        }
        // The contract: a handler's error is the extension's problem, not the agent's.
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            HandlerFailed(handler.ExtensionId, typeof(TEvent).Name, exception);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The extension '{Extension}' failed in {Event}")]
    private partial void HandlerFailed(string extension, string @event, Exception exception);

    private sealed class Handlers
    {
        private readonly Lock gate = new();
        private readonly List<Handler> list = [];

        public SemaphoreSlim OneAtATime { get; } = new(1, 1);

        public Handler Add(Handler handler)
        {
            lock (gate)
                list.Add(handler);
            return handler;
        }

        public void Remove(Handler handler)
        {
            lock (gate)
                list.Remove(handler);
        }

        // OrderBy is stable: equal keys stay in the order of registration.
        public IReadOnlyList<Handler> InOrder()
        {
            lock (gate)
                return [.. list.OrderBy(handler => (handler.Position, handler.Order))];
        }
    }

    private sealed class Handler(Handlers owner, int position, string extensionId, int order, Delegate handler) : IDisposable
    {
        public int Position => position;

        public string ExtensionId => extensionId;

        public int Order => order;

        public Delegate Delegate => handler;

        public void Dispose() => owner.Remove(this);
    }
}

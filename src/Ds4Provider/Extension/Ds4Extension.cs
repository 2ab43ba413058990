using AgentHost;
using Ds4Provider.Extension;

namespace Ds4Provider;

/// <summary>Offers the models of ds4 to a coding agent. Starts nothing until a model is wanted.</summary>
public sealed class Ds4Extension : IAgentExtension
{
    // Long enough for a host to load an extension again, short enough that nobody waits for the memory.
    private static readonly TimeSpan ReloadTime = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public ValueTask ActivateAsync(IExtensionApi api, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(api);
        Ds4Runtime runtime = Ds4Runtime.Create(api.Logging, contentDirectory: api.ContentDirectory);
        api.Lifetime.Own(runtime);
        // An extension that ends while its host goes on is about to be loaded again: the model stays meanwhile.
        runtime.LingerOnDispose(ReloadTime);
        api.On<SessionStopping>((stopping, _, _) =>
        {
            if (stopping.Reason == SessionStopReason.Quit)
                runtime.LingerOnDispose(TimeSpan.Zero);
            return ValueTask.CompletedTask;
        });
        IExtensionUi? ui = null;
        api.On<SessionStarted>((_, context, _) =>
        {
            ui = context.Ui;
            return ValueTask.CompletedTask;
        });
        runtime.Noticed += notice => ui?.Notify(notice, Severity.Warning);
        api.RegisterProvider(new Ds4ModelProvider(runtime));
        return ValueTask.CompletedTask;
    }
}

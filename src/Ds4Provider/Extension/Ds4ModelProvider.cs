using AgentHost;
using Ds4Provider.Lease;
using Microsoft.Extensions.AI;

namespace Ds4Provider.Extension;

/// <summary>The runtime as a host's provider.</summary>
internal sealed class Ds4ModelProvider(Ds4Runtime runtime) : IModelProvider
{
    // The other levels mean one of these to the model.
    private static readonly ThinkingLevel[] Levels = [ThinkingLevel.Off, ThinkingLevel.High, ThinkingLevel.Max];

    public string Id => "ds4";

    public string DisplayName => "ds4 (on this machine)";

    public IReadOnlyList<ModelInfo> Models =>
    [
        .. runtime.Models.Select(model => new ModelInfo(Ds4Model.WireId(model.Id), model.Name)
        {
            ContextWindow = model.ContextWindow,
            ThinkingLevels = Levels,
            IsDemo = model.IsDemo,
        }),
    ];

    public async ValueTask PrepareAsync(ModelInfo model, PrepareRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(request);
        try
        {
            await runtime.PrepareAsync(model.Id, Preparation(model, request), cancellationToken).ConfigureAwait(false);
        }
        catch (Ds4UnavailableException error)
        {
            throw HostTranslation.Translate(error);
        }
    }

    public IChatClient CreateChatClient(ModelInfo model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new HostChatClient(runtime.CreateChatClient(Ds4Model.Prefix + model.Id));
    }

    public bool TryReadUpdate(ChatResponseUpdate update, out StreamDetail detail)
    {
        if (update.TryGetToolCallUpdate(out Ds4ToolCallUpdate? call))
            detail = new StreamDetail(new ToolCallFragment(call.Index, call.CallId, call.Name, call.ArgumentsFragment), null);
        else if (update.TryGetProgressUpdate(out Ds4ProgressUpdate? progress))
            detail = new StreamDetail(null, HostTranslation.Translate(progress.Progress));
        else
            detail = default;
        return detail != default;
    }

    private static Preparation Preparation(ModelInfo model, PrepareRequest request)
    {
        IProgress<Ds4Progress>? progress = request.Progress is { } listener ? new HostProgress(listener) : null;
        if (request.ConfirmDownload is not { } confirm)
            return new Preparation(progress);
        return new Preparation(progress, (bytes, cancellationToken) =>
            confirm(new DownloadOffer($"The weights of {model.Name}", bytes), cancellationToken));
    }

    private sealed class HostProgress(IProgress<ProviderProgress> listener) : IProgress<Ds4Progress>
    {
        public void Report(Ds4Progress value) => listener.Report(HostTranslation.Translate(value));
    }
}

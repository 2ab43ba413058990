using Agent.Hosting;
using Agent.Loop;
using Agent.Models;
using Agent.Terminal;
using Agent.Tools;
using AgentHost;

namespace Agent.Modes;

/// <summary>A conversation with a model, whatever shows it. One thing at a time.</summary>
internal sealed class AgentSession : IDisposable
{
    private readonly ExtensionHost extensions;
    private readonly IAgentDisplay display;
    private readonly AgentUi ui;
    private readonly AgentOptions options;
    private readonly TimeProvider time;
    private readonly Conversation conversation = new();
    private readonly Toolbox toolbox;
    private readonly ModelChooser chooser;
    private SelectedModel? model;

    public AgentSession(
        ExtensionHost extensions, IAgentDisplay display, AgentUi ui, HostMode mode, AgentOptions options, string workingDirectory, TimeProvider time)
    {
        this.extensions = extensions;
        this.display = display;
        this.ui = ui;
        this.options = options;
        this.time = time;
        Context = new SessionContext(ui, mode, workingDirectory) { ThinkingLevel = options.Thinking };
        Catalog = new ModelCatalog(() => extensions.Services.Providers.Items);
        toolbox = new Toolbox(BuiltInTools.Create(new Workspace(workingDirectory)), () => extensions.Services.Tools.Items);
        chooser = new ModelChooser(Catalog, CreateRequest, ui);
    }

    public SessionContext Context { get; }

    public ModelCatalog Catalog { get; }

    /// <summary>The model in use; null before one was chosen.</summary>
    public ModelInfo? Model => model?.Info;

    public async Task StartAsync(SessionStartReason reason, CancellationToken cancellationToken) =>
        await extensions.StartSessionAsync(reason, Context, cancellationToken);

    public async Task StopAsync(SessionStopReason reason) => await extensions.StopSessionAsync(reason, Context);

    /// <summary>Forgets what was said.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        await StopAsync(SessionStopReason.New);
        conversation.Clear();
        await StartAsync(SessionStartReason.New, cancellationToken);
    }

    /// <summary>Chooses a model and makes it ready. The one before stays when that fails.</summary>
    /// <exception cref="ModelChoiceException">No model was chosen.</exception>
    public async Task ChooseModelAsync(string? name, CancellationToken cancellationToken)
    {
        SelectedModel chosen;
        try
        {
            chosen = await chooser.ChooseAsync(name, cancellationToken);
        }
        finally
        {
            display.Settle();
        }
        string? previous = model?.FullName;
        model?.Dispose();
        model = chosen;
        Context.Model = chosen.FullName;
        await extensions.Services.Events.RaiseAsync(new ModelSelected(chosen.FullName, previous), Context, cancellationToken);
    }

    /// <summary>Deals with one input.</summary>
    /// <exception cref="InvalidOperationException">No model was chosen.</exception>
    public async Task<AgentOutcome> RunAsync(string input, CancellationToken cancellationToken)
    {
        SelectedModel chosen = model ?? throw new InvalidOperationException("No model was chosen.");
        using CancellationTokenSource turn = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Context.AbortTurn = turn.Cancel;
        try
        {
            LoopOptions loopOptions = new()
            {
                Thinking = Context.ThinkingLevel,
                MaximumTurns = options.MaximumTurns,
                ConfirmDownload = ConfirmDownloadAsync,
            };
            AgentLoop loop = new(chosen, conversation, toolbox, extensions.Services.Events, Context, display, loopOptions, time);
            return await loop.RunAsync(input, turn.Token);
        }
        finally
        {
            Context.AbortTurn = null;
            display.Settle();
        }
    }

    public void Dispose() => model?.Dispose();

    private PrepareRequest CreateRequest(PrepareReason reason) => new()
    {
        Reason = reason,
        Progress = new DisplayProgress(display),
        ConfirmDownload = ConfirmDownloadAsync,
    };

    /// <summary>Nobody downloads 80 GB by accident: the person says yes, on the command line or when asked.</summary>
    private async ValueTask<bool> ConfirmDownloadAsync(DownloadOffer offer, CancellationToken cancellationToken)
    {
        if (options.Download)
            return true;
        if (ui.IsInteractive)
            return await ui.ConfirmAsync($"{offer.Description}: download {Numbers.Bytes(offer.Bytes)}?", defaultAnswer: false, cancellationToken);
        ui.Notify($"{offer.Description}: {Numbers.Bytes(offer.Bytes)} to download. To agree, add: --download", Severity.Warning);
        return false;
    }

    private sealed class DisplayProgress(IAgentDisplay display) : IProgress<ProviderProgress>
    {
        public void Report(ProviderProgress value) => display.Progress(value);
    }
}

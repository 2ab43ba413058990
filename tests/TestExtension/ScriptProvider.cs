using AgentHost;
using CliWrap;
using Microsoft.Extensions.AI;

namespace TestExtension;

/// <summary>Offers a model that plays scripts, one that does not fit this machine, and a demo.</summary>
public sealed class ScriptProvider(string dataDirectory) : IModelProvider
{
    public string Id => "test";

    public string DisplayName => "Scripts";

    /// <summary>A type of a package that the host does not have.</summary>
    public Type PrivateDependency { get; } = typeof(Cli);

    public IReadOnlyList<ModelInfo> Models { get; } =
    [
        new ModelInfo("large", "A model that does not fit") { ContextWindow = 1_000_000 },
        new ModelInfo("script", "A model that plays scripts")
        {
            ContextWindow = 32_768,
            ThinkingLevels = [ThinkingLevel.Off, ThinkingLevel.High, ThinkingLevel.Max],
        },
        new ModelInfo("weights", "A model to download"),
        new ModelInfo("demo", "A demo that plays scripts") { ContextWindow = 8_192, IsDemo = true },
    ];

    public async ValueTask PrepareAsync(ModelInfo model, PrepareRequest request, CancellationToken cancellationToken)
    {
        switch (model.Id)
        {
            case "large":
                throw new ProviderUnavailableException(
                    ProviderUnavailableReason.NotEnoughMemory,
                    "The model needs 90.0 GB of memory; this machine has 16.0 GB.",
                    "Use a machine with at least 96 GB.",
                    Path.Combine(dataDirectory, "test.log"));
            case "weights":
                DownloadOffer offer = new("Weights of the test model", 80_000_000_000);
                if (request.ConfirmDownload is { } confirm && !await confirm(offer, cancellationToken))
                    throw new ProviderUnavailableException(ProviderUnavailableReason.DownloadRefused, "The weights are not here.");
                await LoadAsync(request, ProgressPhase.Downloading, cancellationToken);
                break;
            default:
                if (request.Reason == PrepareReason.Selected)
                    await LoadAsync(request, ProgressPhase.Loading, cancellationToken);
                break;
        }
    }

    public IChatClient CreateChatClient(ModelInfo model) => new ScriptClient();

    public bool TryReadUpdate(ChatResponseUpdate update, out StreamDetail detail)
    {
        detail = update.RawRepresentation switch
        {
            ToolCallFragment fragment => new StreamDetail(fragment, null),
            ProviderProgress progress => new StreamDetail(null, progress),
            _ => default,
        };
        return detail != default;
    }

    private static async Task LoadAsync(PrepareRequest request, ProgressPhase phase, CancellationToken cancellationToken)
    {
        const int Steps = 10;
        int delay = int.TryParse(Environment.GetEnvironmentVariable("TEST_EXTENSION_LOAD_MS"), out int milliseconds) ? milliseconds / Steps : 5;
        for (int step = 0; step <= Steps; step++)
        {
            request.Progress?.Report(new ProviderProgress(phase, $"{phase} the model")
            {
                Done = step * 8_000_000_000L,
                Total = Steps * 8_000_000_000L,
                Unit = ProgressUnit.Bytes,
                PerSecond = 1.5e9,
                Remaining = TimeSpan.FromSeconds((Steps - step) * 5),
            });
            await Task.Delay(delay, cancellationToken);
        }
        request.Progress?.Report(new ProviderProgress(ProgressPhase.Ready, "Ready"));
    }
}

using AgentHost;

namespace Agent.Models;

/// <summary>Chooses a model and makes it ready, telling the person why when that is not possible.</summary>
internal sealed class ModelChooser(ModelCatalog catalog, Func<PrepareReason, PrepareRequest> request, IExtensionUi ui)
{
    /// <summary>The named model, else the best one, else, if the person agrees, the demo.</summary>
    /// <exception cref="ModelChoiceException">No model was chosen.</exception>
    public async Task<SelectedModel> ChooseAsync(string? name, CancellationToken cancellationToken)
    {
        ModelEntry entry = name is not null ? catalog.Find(name)
            : catalog.Default ?? throw new ModelChoiceException(NoDefault());
        try
        {
            return await PrepareAsync(entry, cancellationToken);
        }
        catch (ProviderUnavailableException exception)
        {
            // A demo never stands in for a model silently, nor for one that was asked for by name.
            if (name is not null || catalog.Demo is not { } demo)
                throw new ModelChoiceException(Explain(entry, exception));
            ui.Notify(Explain(entry, exception), Severity.Error);
            if (!ui.IsInteractive)
                throw new ModelChoiceException($"To try the demo model instead, add: --model {demo.FullName}");
            if (!await ui.ConfirmAsync($"Use the demo model {demo.FullName} instead?", defaultAnswer: false, cancellationToken))
                throw new ModelChoiceException("No model was chosen.");
            return await PrepareDemoAsync(demo, cancellationToken);
        }
    }

    /// <summary>Why a model cannot be used, what to do, and where to read more.</summary>
    public static string Explain(ModelEntry entry, ProviderUnavailableException exception)
    {
        IEnumerable<string> lines =
        [
            $"{entry.FullName}: {exception.Message}",
            .. exception.Hint is { } hint ? [hint] : Array.Empty<string>(),
            .. exception.LogPath is { } log ? [$"Log: {log}"] : Array.Empty<string>(),
        ];
        return string.Join('\n', lines);
    }

    private async Task<SelectedModel> PrepareDemoAsync(ModelEntry demo, CancellationToken cancellationToken)
    {
        try
        {
            return await PrepareAsync(demo, cancellationToken);
        }
        catch (ProviderUnavailableException exception)
        {
            throw new ModelChoiceException(Explain(demo, exception));
        }
    }

    private async Task<SelectedModel> PrepareAsync(ModelEntry entry, CancellationToken cancellationToken)
    {
        await entry.Provider.PrepareAsync(entry.Info, request(PrepareReason.Selected), cancellationToken);
        return new SelectedModel(entry);
    }

    private string NoDefault() => catalog.Demo is { } demo
        ? $"No model was chosen, and there is only a demo. To try it, add: --model {demo.FullName}"
        : "No extension offers a model; load one with -e.";
}

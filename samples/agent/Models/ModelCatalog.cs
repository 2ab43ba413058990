using AgentHost;

namespace Agent.Models;

/// <summary>The models of all providers.</summary>
internal sealed class ModelCatalog(Func<IReadOnlyList<IModelProvider>> providers)
{
    public IReadOnlyList<ModelEntry> Models =>
        [.. providers().SelectMany(provider => provider.Models.Select(model => new ModelEntry(provider, model)))];

    /// <summary>What is tried when nobody chose: the first model that is not a demo.</summary>
    public ModelEntry? Default => Models.FirstOrDefault(entry => !entry.Info.IsDemo);

    public ModelEntry? Demo => Models.FirstOrDefault(entry => entry.Info.IsDemo);

    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        foreach (IModelProvider provider in providers())
            await provider.RefreshModelsAsync(cancellationToken);
    }

    /// <summary>Finds a model by its full name, or by its id alone when only one provider has it.</summary>
    /// <exception cref="ModelChoiceException">There is none, or the id alone is ambiguous.</exception>
    public ModelEntry Find(string name)
    {
        IReadOnlyList<ModelEntry> models = Models;
        if (models.FirstOrDefault(entry => entry.FullName == name) is { } exact)
            return exact;
        List<ModelEntry> byId = [.. models.Where(entry => entry.Info.Id == name)];
        return byId.Count switch
        {
            1 => byId[0],
            0 => throw new ModelChoiceException($"There is no model '{name}'. {Known(models)}"),
            _ => throw new ModelChoiceException($"'{name}' could be {string.Join(" or ", byId.Select(entry => entry.FullName))}."),
        };
    }

    private static string Known(IReadOnlyList<ModelEntry> models) => models.Count == 0
        ? "No extension offers a model; load one with -e."
        : $"Known models: {string.Join(", ", models.Select(entry => entry.FullName))}.";
}

/// <summary>No model could be chosen; the message says why and what to do.</summary>
internal sealed class ModelChoiceException(string message) : Exception(message);

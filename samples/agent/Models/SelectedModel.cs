using AgentHost;
using Microsoft.Extensions.AI;

namespace Agent.Models;

/// <summary>A model in use, with the client that speaks to it.</summary>
internal sealed class SelectedModel(ModelEntry entry) : IDisposable
{
    public IModelProvider Provider => entry.Provider;

    /// <summary>What the provider knows by now: a context window is often unknown before the model is ready.</summary>
    public ModelInfo Info => entry.Provider.Models.FirstOrDefault(model => model.Id == entry.Info.Id) ?? entry.Info;

    public string FullName => entry.FullName;

    public IChatClient Client { get; } = entry.Provider.CreateChatClient(entry.Info);

    public void Dispose() => Client.Dispose();
}

/// <summary>A model that can be chosen.</summary>
internal sealed record ModelEntry(IModelProvider Provider, ModelInfo Info)
{
    public string FullName => $"{Provider.Id}/{Info.Id}";
}

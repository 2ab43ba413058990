using Ds4Provider.Watchdog.Setup;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Watchdog.Supervision;

/// <summary>A run is its setup followed by a supervised server.</summary>
internal sealed class ModelRunner(IModelSetup setup, ServerSupervisor supervisor) : IModelRunner
{
    public bool Knows(string model) => setup.Knows(model);

    public async Task RunAsync(string model, IModelRunObserver observer, CancellationToken stopping)
    {
        PreparedModel prepared = await setup.PrepareAsync(model, () => observer.MayDownload, observer.Progress, stopping).ConfigureAwait(false);
        GiveMemoryBack();
        observer.Progress(new Progress(SetupPhase.Loading, $"Starting the server for {prepared.DisplayName}"));
        await supervisor.RunAsync(prepared, observer, stopping).ConfigureAwait(false);
    }

    // A setup leaves garbage, buffers of a download among it, and from here on next to nothing is allocated: without this
    // the next collection may be hours away.
    private static void GiveMemoryBack() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
}

using Ds4Provider.Engine;
using Ds4Provider.Server.Sessions;
using Ds4Provider.Server.Sessions.Disk;
using Microsoft.Extensions.Logging.Abstractions;
using StateWriter;

namespace Ds4Provider.Server.Specs.Sessions.Disk;

/// <summary>The states of a model in a folder, as a server has them; a state of one more turn is written at once.</summary>
internal sealed record KeptStates(StateFolder Folder, CheckpointIndex Memory, CheckpointStore Store) : IDisposable
{
    public static KeptStates Open(DirectoryInfo root, ILanguageModel model)
    {
        CheckpointIndex memory = new(() => 0, 1, TimeProvider.System);
        StateFolder folder = StateFolder.TryOpen(root.FullName, model.Description.Fingerprint, NullLogger.Instance)!;
        return new KeptStates(folder, memory, new CheckpointStore(folder, model, memory, TimeProvider.System, NullLogger<CheckpointStore>.Instance)
        {
            LeastGain = TestConversation.Turn,
        });
    }

    public void Dispose()
    {
        Store.Dispose();
        Memory.Dispose();
        Folder.Dispose();
    }
}

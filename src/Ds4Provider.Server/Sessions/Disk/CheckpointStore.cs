using Ds4Provider.Engine;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Server.Sessions.Disk;

/// <summary>
/// The states of conversations on the disk, for the next server and for what memory cannot hold. A thread of its own
/// writes; whoever offers a state never waits. What the disk does not take, or gives back damaged, is evaluated again.
/// Thread-safe. Files by concern: what waits and is written, what is read, what is logged.
/// </summary>
internal sealed partial class CheckpointStore : IDisposable
{
    private readonly StateFolder folder;
    private readonly ILanguageModel model;
    private readonly CheckpointIndex memory;
    private readonly TimeProvider time;
    private readonly ILogger<CheckpointStore> logger;
    private readonly object gate = new();
    private readonly StateIndex index = new();
    private readonly Thread writer;

    /// <summary>Finds the states of earlier servers, and starts the thread.</summary>
    /// <param name="folder">The folder of the model, which outlives the store.</param>
    /// <param name="model">The model.</param>
    /// <param name="memory">The states in memory, to which those from the disk are added.</param>
    /// <param name="time">Clock of uses.</param>
    /// <param name="logger">Where failures are told.</param>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public CheckpointStore(StateFolder folder, ILanguageModel model, CheckpointIndex memory, TimeProvider time, ILogger<CheckpointStore> logger)
    {
        this.folder = folder;
        this.model = model;
        this.memory = memory;
        this.time = time;
        this.logger = logger;
        ReadIndex();
        writer = new Thread(WriteAll) { IsBackground = true, Name = "ds4 checkpoints" };
        writer.Start();
    }

    /// <summary>States on the disk.</summary>
    public int Count
    {
        get
        {
            lock (gate)
                return index.Count;
        }
    }

    /// <summary>Bytes of their files.</summary>
    public long Bytes
    {
        get
        {
            lock (gate)
                return index.Bytes;
        }
    }

    /// <summary>The longest state of the first tokens of a prompt: how many tokens it has; 0 = there is none.</summary>
    public int FindLongest(ReadOnlySpan<int> prompt)
    {
        lock (gate)
            return index.FindLongest(prompt, prompt.Length)?.Header.Position ?? 0;
    }

    /// <summary>Whether nothing is written any more.</summary>
    public bool HasEnded => !writer.IsAlive;

    /// <summary>Writes what waits, as long as there is time, and ends.</summary>
    public void Dispose()
    {
        Close();
        if (!writer.Join(FlushLimit + FlushLimit))
            LogUnfinished();
        EndTrials();
        recalling.Dispose();
    }

    /// <summary>Finds the states of earlier servers. One whose parent is gone is of no use.</summary>
    private void ReadIndex()
    {
        foreach ((StateHeader header, DateTimeOffset written) in folder.Read().OrderBy(found => found.Header.Position))
        {
            StoredState? parent = header.Parent is { } key ? index.Find(key) : null;
            if (header.Parent is not null && parent?.Header.Position != header.ParentPosition)
                folder.Delete(header);
            else
                index.Add(new StoredState(header, parent) { LastUse = written });
        }
        LogOpened(index.Count, index.Bytes >> 20);
    }

    private void Remove(StoredState state)
    {
        index.Remove(state);
        folder.Delete(state.Header);
    }
}

using System.Runtime.InteropServices;
using Ds4Provider.Engine;
using Ds4Provider.Server.Sessions.Disk;

namespace Ds4Provider.Server.Sessions;

/// <summary>
/// The sessions, and the checkpoints to which they can return: gives each prompt the slot and the state that save it the
/// most evaluation. What a slot holds is in the index before the slot is used for anything else. Used by the worker only.
/// </summary>
internal sealed class SlotTable : IDisposable
{
    private readonly List<Slot> slots = [];
    private readonly TimeProvider time;

    public SlotTable(ILanguageModel model, int contextLength, MemoryPlan plan, TimeProvider time)
    {
        this.time = time;
        Index = new CheckpointIndex(() => model.StateBytes, plan.StateBytes, time);
        for (int i = 0; i < plan.Slots; i++)
            slots.Add(new Slot(model, contextLength));
    }

    public CheckpointIndex Index { get; }

    /// <summary>Whether a reply can begin.</summary>
    public bool HasIdle => slots.Exists(slot => !slot.IsBusy);

    /// <summary>Slots in all.</summary>
    public int Count => slots.Count;

    /// <summary>Of all that slots hold, what a prompt has most tokens in common with, and how many.</summary>
    public Likeness FindLikest(ReadOnlySpan<int> prompt)
    {
        var likest = new Likeness(0, 0);
        foreach (Slot slot in CollectionsMarshal.AsSpan(slots))
        {
            int common = slot.Tokens.CommonPrefixLength(prompt);
            if (common > likest.Common)
                likest = new Likeness(common, slot.Tokens.Length);
        }
        return likest;
    }

    /// <summary>Takes an idle slot and makes it ready to go on to a prompt.</summary>
    public Reuse Begin(ReadOnlySpan<int> prompt)
    {
        Slot? live = FindLive(prompt);
        Reuse? reuse = null;
        while (reuse is null)
        {
            Checkpoint? checkpoint = Index.FindLongest(prompt);
            if (live is not null && live.Tokens.Length >= (checkpoint?.Position ?? 0))
                reuse = new Reuse(live, live.Tokens.Length, ReuseSource.Session);
            else if (checkpoint is null)
                reuse = Renew();
            else
                reuse = TryRestore(checkpoint, prompt);
        }
        reuse.Slot.IsBusy = true;
        return reuse;
    }

    /// <summary>Where states are kept beyond memory; null = nowhere.</summary>
    public CheckpointStore? Store { get; set; }

    /// <summary>Keeps the state of a slot, so that any slot can return to it.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="place">What is there; decides whether the disk gets it too.</param>
    public void Keep(Slot slot, StatePlace place)
    {
        if (slot.Tokens.Length == 0)
            return;
        Checkpoint kept = Index.Add(slot.Tokens, slot.Checkpoint);
        if (place != StatePlace.Passing)
            Store?.Offer(slot.Tokens, kept.State, place == StatePlace.Beginning);
    }

    /// <summary>The engine went on from where a prompt began.</summary>
    public void Endured(Reuse reuse)
    {
        if (reuse.Recalled is { } key)
            Store?.Endured(key);
    }

    /// <summary>Gives a slot back.</summary>
    public void End(Slot slot)
    {
        slot.IsBusy = false;
        slot.LastUse = time.GetTimestamp();
    }

    public void Dispose()
    {
        Index.Dispose();
        foreach (Slot slot in slots)
            slot.Dispose();
    }

    private Slot? FindLive(ReadOnlySpan<int> prompt)
    {
        Slot? longest = null;
        foreach (Slot slot in CollectionsMarshal.AsSpan(slots))
        {
            if (!slot.IsBusy && slot.Tokens.Length > (longest?.Tokens.Length ?? 0) && slot.IsPrefixOf(prompt))
                longest = slot;
        }
        return longest;
    }

    /// <summary>Returns to a checkpoint; null when the engine does not take it, and then it is not tried again.</summary>
    private Reuse? TryRestore(Checkpoint checkpoint, ReadOnlySpan<int> prompt)
    {
        Slot slot = LeastRecentlyUsed();
        Index.Use(checkpoint);
        try
        {
            slot.Restore(checkpoint.State, prompt[..checkpoint.Position]);
        }
        catch (EngineException)
        {
            Index.Forget(checkpoint);
            return null;
        }
        PrefixKey? recalled = checkpoint.IsRecalled ? checkpoint.Key : null;
        checkpoint.IsRecalled = false;
        return new Reuse(slot, checkpoint.Position, recalled is null ? ReuseSource.Checkpoint : ReuseSource.Disk) { Recalled = recalled };
    }

    private Reuse Renew()
    {
        Slot slot = LeastRecentlyUsed();
        slot.Renew();
        return new Reuse(slot, 0, ReuseSource.None);
    }

    /// <summary>An idle slot: an empty one, or the one that was used the longest ago.</summary>
    private Slot LeastRecentlyUsed() =>
        slots.Where(slot => !slot.IsBusy).MinBy(slot => (slot.Tokens.Length > 0, slot.LastUse))
        ?? throw new InvalidOperationException("All slots are busy.");
}

/// <summary>Where a prompt goes on.</summary>
/// <param name="Slot">The slot that is ready for it.</param>
/// <param name="Cached">Tokens that need not be evaluated again.</param>
/// <param name="Source">From where they come.</param>
internal sealed record Reuse(Slot Slot, int Cached, ReuseSource Source)
{
    /// <summary>The state from the disk with which it begins; null when it begins with none.</summary>
    public PrefixKey? Recalled { get; init; }
}

/// <summary>What a prompt has in common with what a slot holds.</summary>
/// <param name="Common">Tokens in common, from the first on.</param>
/// <param name="Held">Tokens that the slot holds.</param>
internal readonly record struct Likeness(int Common, int Held);

/// <summary>From where the state of a prompt's first tokens comes.</summary>
internal enum ReuseSource
{
    /// <summary>Nowhere: all is evaluated.</summary>
    None,

    /// <summary>A session that goes on.</summary>
    Session,

    /// <summary>A checkpoint in memory.</summary>
    Checkpoint,

    /// <summary>A checkpoint that was read from the disk.</summary>
    Disk,
}

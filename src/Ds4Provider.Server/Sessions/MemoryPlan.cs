namespace Ds4Provider.Server.Sessions;

/// <summary>How many sessions there are, and how much memory they and their checkpoints may hold.</summary>
/// <param name="Slots">Replies that can be generated at a time.</param>
/// <param name="StateBytes">Bytes of all sessions and checkpoints together.</param>
internal sealed record MemoryPlan(int Slots, long StateBytes)
{
    /// <summary>More replies at a time than this slow each other down more than waiting would.</summary>
    private const int MostSlots = 4;

    /// <summary>More checkpoints than so many bytes are older than anybody comes back to.</summary>
    private const long MostCheckpointBytes = 16L << 30;

    private const long LeastCheckpointBytes = 256L << 20;

    /// <summary>Chooses from what the machine has.</summary>
    /// <param name="machineBytes">Memory that this process may use.</param>
    /// <param name="weightBytes">Bytes of the weights, which must stay in memory.</param>
    /// <param name="sessionBytes">Bytes of one session whose context is full.</param>
    public static MemoryPlan Choose(long machineBytes, long weightBytes, long sessionBytes)
    {
        // An eighth is left to everything else that runs here.
        long spare = Math.Max(0, machineBytes - (machineBytes / 8) - weightBytes);
        int slots = (int)Math.Clamp(spare / 2 / Math.Max(1, sessionBytes), 1, MostSlots);
        long checkpoints = Math.Clamp(spare - (slots * sessionBytes), LeastCheckpointBytes, MostCheckpointBytes);
        return new MemoryPlan(slots, (slots * sessionBytes) + checkpoints);
    }
}

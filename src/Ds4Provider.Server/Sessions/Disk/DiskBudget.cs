namespace Ds4Provider.Server.Sessions.Disk;

/// <summary>How many bytes of states the disk may hold.</summary>
internal static class DiskBudget
{
    private const long Most = 128L << 30;
    private const long LeftFree = 20L << 30;

    /// <summary>
    /// A third of what is free or ours already, so that others find room and we find most of ours again; nothing when the
    /// disk is nearly full.
    /// </summary>
    /// <param name="freeBytes">Bytes that are free now.</param>
    /// <param name="ownBytes">Bytes of states that are there.</param>
    public static long Choose(long freeBytes, long ownBytes)
    {
        long room = freeBytes + ownBytes;
        return Math.Clamp(Math.Min(room / 3, room - LeftFree), 0, Most);
    }
}

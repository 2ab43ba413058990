namespace Agent.Tools;

/// <summary>How much text one result may hold: Pi's limits, which keep a prompt small.</summary>
internal static class OutputLimits
{
    public const int Lines = 2000;

    public const int Bytes = 50 * 1024;
}

namespace Ds4Provider.Cli.Commands;

/// <summary>What the commands return.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int NotRunning = 3;
}

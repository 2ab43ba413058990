namespace Agent.Terminal;

/// <summary>What the terminal can do.</summary>
internal static class TerminalInfo
{
    /// <summary>Whether lines can be drawn anew where standard error, or output, goes.</summary>
    public static bool CanDraw(bool redirected) =>
        !redirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");

    /// <summary>https://no-color.org: any value that is not empty turns colours off.</summary>
    public static bool HasColours => string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    public static (int Width, int Height) Size()
    {
        int width = Console.WindowWidth;
        int height = Console.WindowHeight;
        return (width > 0 ? width : 80, height > 0 ? height : 24);
    }
}

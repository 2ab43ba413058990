namespace Ds4Provider.Watchdog.Supervision;

/// <summary>How a child is started.</summary>
/// <param name="Executable">Absolute path.</param>
/// <param name="Arguments">Arguments, as the child sees them.</param>
public sealed record LaunchCommand(string Executable, params IReadOnlyList<string> Arguments);

using System.Diagnostics;
using System.Globalization;
using Ds4Provider.Server.Specs.Engine;

namespace Ds4Provider.Server.Specs.Sessions.Disk;

/// <summary>A program of its own that writes or uses states, so that it can be killed; disposal kills what still runs.</summary>
internal sealed class StateWriterProcess : IDisposable
{
    private readonly Process process;

    /// <param name="root">Where the states are.</param>
    /// <param name="mode">What it does: <c>write</c>, <c>use</c> or <c>endure</c>.</param>
    /// <param name="conversation">The conversation, or the first of them.</param>
    public StateWriterProcess(DirectoryInfo root, string mode, int conversation) => process = Process.Start(new ProcessStartInfo(
        Path.Combine(AppContext.BaseDirectory, "state-writer"),
        [RealEngine.Library, RealEngine.TinyModel, root.FullName, mode, conversation.ToString(CultureInfo.InvariantCulture)])
    {
        RedirectStandardOutput = true,
    })!;

    /// <summary>The next line that it says; null when it has ended.</summary>
    public Task<string?> ReadLineAsync() => process.StandardOutput.ReadLineAsync();

    public void Kill() => process.Kill();

    public Task WaitForExitAsync() => process.WaitForExitAsync();

    public void Dispose()
    {
        process.Kill();
        process.Dispose();
    }
}

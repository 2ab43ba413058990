using System.Collections.Concurrent;

namespace Ds4Provider.Server.Specs.Serving;

/// <summary>Plays standard input: lines as they are written, the end when it is closed.</summary>
internal sealed class LifeLine : TextReader
{
    private readonly BlockingCollection<string> lines = [];

    public void Write(string line) => lines.Add(line);

    public void End() => lines.CompleteAdding();

    public override string? ReadLine() => lines.TryTake(out string? line, Timeout.Infinite) ? line : null;
}

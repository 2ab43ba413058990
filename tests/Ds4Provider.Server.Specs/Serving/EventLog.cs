using System.Collections.Concurrent;
using System.Text;
using Ds4Provider.Wire.Server;

namespace Ds4Provider.Server.Specs.Serving;

/// <summary>Plays standard output: every line must be an event.</summary>
internal sealed class EventLog : TextWriter
{
    private readonly ConcurrentQueue<ServerEvent> events = new();
    private readonly StringBuilder line = new();

    public override Encoding Encoding => Encoding.UTF8;

    public IReadOnlyList<ServerEvent> Events => [.. events];

    public override void Write(char value)
    {
        if (value != '\n')
        {
            line.Append(value);
            return;
        }
        events.Enqueue(ServerProtocol.ReadEvent(line.ToString()));
        line.Clear();
    }

    /// <summary>Waits for the first event of a type that satisfies the condition.</summary>
    public async Task<T> WaitForAsync<T>(Func<T, bool>? condition = null)
        where T : ServerEvent
    {
        T? found = null;
        await Eventually.HoldsAsync(() => (found = Find(condition)) is not null, typeof(T).Name);
        return found!;
    }

    private T? Find<T>(Func<T, bool>? condition)
        where T : ServerEvent
    {
        if (typeof(T) != typeof(ServerFailed) && events.OfType<ServerFailed>().FirstOrDefault() is { } failed)
            throw new InvalidOperationException($"The server failed: {failed.Message}");
        return events.OfType<T>().FirstOrDefault(condition ?? (_ => true));
    }
}

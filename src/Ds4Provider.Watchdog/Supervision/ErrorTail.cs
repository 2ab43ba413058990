namespace Ds4Provider.Watchdog.Supervision;

/// <summary>Copies a child's standard error to a log file and keeps its last lines for error messages.</summary>
internal sealed class ErrorTail(string path)
{
    private const int KeptLines = 8;
    private const long RotateAt = 1024 * 1024;

    private readonly Queue<string> _lines = new();

    public string Path { get; } = path;

    /// <summary>The last lines, empty when the child said nothing.</summary>
    public string Text
    {
        get
        {
            lock (_lines)
                return string.Join("; ", _lines);
        }
    }

    /// <summary>Reads until the child closes its standard error.</summary>
    public async Task CopyAsync(StreamReader source)
    {
        if (File.Exists(Path) && new FileInfo(Path).Length > RotateAt)
            File.Move(Path, Path + ".1", overwrite: true);
        var log = new StreamWriter(Path, append: true) { AutoFlush = true };
        await using (log.ConfigureAwait(false))
        {
            while (await source.ReadLineAsync().ConfigureAwait(false) is { } line)
            {
                Keep(line);
                await log.WriteLineAsync(line).ConfigureAwait(false);
            }
        }
    }

    private void Keep(string line)
    {
        if (string.IsNullOrWhiteSpace(line))
            return;
        lock (_lines)
        {
            _lines.Enqueue(line.Trim());
            if (_lines.Count > KeptLines)
                _lines.Dequeue();
        }
    }
}

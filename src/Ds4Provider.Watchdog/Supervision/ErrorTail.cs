namespace Ds4Provider.Watchdog.Supervision;

/// <summary>Copies a child's standard error to a log file and keeps its last lines for error messages and reports.</summary>
internal sealed class ErrorTail(string path)
{
    private const int KeptLines = 40;
    private const long RotateAt = 1024 * 1024;

    private readonly Queue<string> _lines = new();

    public string Path { get; } = path;

    /// <summary>The last lines, empty when the child said nothing.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    /// <summary>Reads until the child closes its standard error.</summary>
    public async Task CopyAsync(StreamReader source)
    {
        if (File.Exists(Path) && new FileInfo(Path).Length > RotateAt)
            File.Move(Path, Path + ".1", overwrite: true);
        while (await source.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            Keep(line);
            await AppendAsync(line).ConfigureAwait(false);
        }
    }

    // Opened for each line: the child seldom speaks here, and a disk that is full for a while costs only some lines.
    private async Task AppendAsync(string line)
    {
        try
        {
            await File.AppendAllTextAsync(Path, line + "\n").ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            // Not to read on would block the child on its full pipe, which is worse than a hole in the log.
            Keep($"({Path} cannot be written: {exception.Message})");
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

using System.Text.RegularExpressions;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Watchdog.Setup.Engine;

/// <summary>Hears what make says: keeps it all in a file, the last lines for the error, and counts compiled files.</summary>
internal sealed partial class BuildLog : IAsyncDisposable
{
    private const int KeptLines = 12;

    private readonly StreamWriter _file;
    private readonly int _sources;
    private readonly Action<Progress> _progress;
    private readonly Queue<string> _last = new();
    private readonly Lock _state = new();
    private int _compiled;

    public BuildLog(string path, string sourceFolder, Action<Progress> progress)
    {
        Path = path;
        _file = new StreamWriter(path, append: false) { AutoFlush = true };
        _sources = Directory.EnumerateFiles(sourceFolder, "*", SearchOption.AllDirectories).Count(file => SourceName().IsMatch(file));
        _progress = progress;
    }

    public string Path { get; }

    /// <summary>The last lines, for people.</summary>
    public string Tail
    {
        get
        {
            lock (_state)
                return string.Join('\n', _last);
        }
    }

    /// <summary>Takes a line of make or of the compiler.</summary>
    public void Add(string line)
    {
        lock (_state)
        {
            _file.WriteLine(line);
            _last.Enqueue(line);
            if (_last.Count > KeptLines)
                _last.Dequeue();
            if (!SourceName().IsMatch(line) || _compiled == _sources)
                return;
            _compiled++;
            _progress(new Progress(SetupPhase.Building, "Compiling the engine") { Done = _compiled, Total = _sources, Unit = "files" });
        }
    }

    public ValueTask DisposeAsync() => _file.DisposeAsync();

    [GeneratedRegex(@"\.(c|m)\b")]
    private static partial Regex SourceName();
}

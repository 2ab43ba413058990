using System.Text;

namespace Ds4Provider.Cli.Clients;

/// <summary>The logs of the background processes, read while they grow, are rolled and replaced.</summary>
internal sealed class LogFolder(string folder) : IDisposable
{
    /// <summary>How often one looks for new lines.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly Dictionary<string, OpenLog> _logs = [];

    /// <summary>Whether there was any log with anything in it.</summary>
    public bool HasAny => _logs.Count > 0;

    /// <summary>The last lines of each log, the one that was written last at the end.</summary>
    public IEnumerable<(string Path, IReadOnlyCollection<string> Lines)> ReadEnds(int lines)
    {
        foreach (FileInfo file in Files())
            yield return (file.FullName, [.. Open(file).ReadLines().TakeLast(lines)]);
    }

    /// <summary>What was added since the last look.</summary>
    public IEnumerable<(string Path, IReadOnlyCollection<string> Lines)> ReadNew()
    {
        foreach (FileInfo file in Files())
        {
            if (_logs.TryGetValue(file.FullName, out OpenLog? known) && known.WasReplacedBy(file))
                Forget(file.FullName);
            List<string> lines = [.. Open(file).ReadLines()];
            if (lines.Count > 0)
                yield return (file.FullName, lines);
        }
    }

    public void Dispose()
    {
        foreach (OpenLog log in _logs.Values)
            log.Dispose();
    }

    private FileInfo[] Files() => Directory.Exists(folder)
        ? [.. new DirectoryInfo(folder).EnumerateFiles().Where(file => file.Length > 0).OrderBy(file => file.LastWriteTimeUtc)]
        : [];

    private OpenLog Open(FileInfo file)
    {
        if (!_logs.TryGetValue(file.FullName, out OpenLog? log))
            _logs.Add(file.FullName, log = new OpenLog(file));
        return log;
    }

    private void Forget(string path)
    {
        _logs[path].Dispose();
        _logs.Remove(path);
    }

    /// <summary>A log and how far it was read. A line that is still being written waits for its end.</summary>
    private sealed class OpenLog(FileInfo file) : IDisposable
    {
        private readonly FileStream _stream = new(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        private readonly StringBuilder _unfinished = new();
        private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

        public bool WasReplacedBy(FileInfo now) => now.Length < _stream.Position;

        public IEnumerable<string> ReadLines()
        {
            byte[] bytes = new byte[16 * 1024];
            char[] text = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
            for (int read; (read = _stream.Read(bytes)) > 0;)
            {
                int count = _decoder.GetChars(bytes, 0, read, text, 0);
                for (int i = 0; i < count; i++)
                {
                    if (text[i] != '\n')
                    {
                        _unfinished.Append(text[i]);
                        continue;
                    }
                    yield return _unfinished.ToString().TrimEnd('\r');
                    _unfinished.Clear();
                }
            }
        }

        public void Dispose() => _stream.Dispose();
    }
}

using System.Text;

namespace Ds4Provider.Wire.Watchdog;

/// <summary>The end of a log, for an error message.</summary>
internal static class LogTail
{
    private const int MaximumBytes = 2000;

    /// <summary>Its length in bytes; 0 when there is none.</summary>
    public static long Length(string path) => File.Exists(path) ? new FileInfo(path).Length : 0;

    /// <summary>What was written after <paramref name="from"/>, at most the last two kilobytes, from a line's start.</summary>
    public static string Read(string path, long from)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            bool cut = file.Length - from > MaximumBytes;
            file.Position = cut ? file.Length - MaximumBytes : Math.Min(from, file.Length);
            string text = new StreamReader(file, Encoding.UTF8).ReadToEnd();
            return (cut ? text[(text.IndexOf('\n', StringComparison.Ordinal) + 1)..] : text).Trim();
        }
        catch (IOException error)
        {
            return $"(its output {path} cannot be read: {error.Message})";
        }
    }
}

using System.Text;

namespace Agent.Tools;

/// <summary>
/// Output of a command: keeps the end that a result may hold and, once that is not all, everything in a temporary file.
/// Thread-safe.
/// </summary>
internal sealed class TailBuffer(IProgress<string>? observer) : IDisposable
{
    private readonly Lock gate = new();
    private readonly StringBuilder tail = new();
    private StreamWriter? file;
    private string? filePath;
    private int lineEnds;
    private bool endsInsideLine;
    private bool closed;

    /// <summary>Lines in all.</summary>
    public int LineCount => lineEnds + (endsInsideLine ? 1 : 0);

    /// <summary>Adds text; false when nobody wants it any more.</summary>
    public bool Append(ReadOnlySpan<char> text)
    {
        lock (gate)
        {
            if (closed)
                return false;
            if (text.IsEmpty)
                return true;
            lineEnds += text.Count('\n');
            endsInsideLine = text[^1] != '\n';
            tail.Append(text);
            file?.Write(text);
            // Characters are at most three UTF-8 bytes each; twice the limit keeps the trimming rare.
            if (tail.Length > 2 * OutputLimits.Bytes)
                Spill();
        }
        observer?.Report(text.ToString());
        return true;
    }

    /// <summary>Takes no more output.</summary>
    public void Close()
    {
        lock (gate)
            closed = true;
    }

    /// <summary>The output, or its end with a notice where the rest is.</summary>
    public string ToText()
    {
        lock (gate)
        {
            TextLines lines = new(tail.ToString());
            string kept = Last(lines, out int count);
            if (filePath is null && count == lines.Count)
                return kept;
            EnsureFile();
            file!.Flush();
            return $"{TextLines.WithLineEnd(kept)}[last {Plural.Of(count, "line")} of {LineCount}; all of them are in {filePath}]\n";
        }
    }

    public void Dispose() => file?.Dispose();

    private static string Last(TextLines lines, out int count)
    {
        count = 0;
        int bytes = OutputLimits.Bytes;
        while (count < Math.Min(lines.Count, OutputLimits.Lines))
        {
            bytes -= Encoding.UTF8.GetByteCount(lines.Slice(lines.Count - count - 1, 1));
            if (bytes < 0)
                break;
            count++;
        }
        // A last line that is longer than the limit alone: its end.
        if (count == 0 && lines.Count > 0)
        {
            count = 1;
            string line = lines.Slice(lines.Count - 1, 1);
            int start = Math.Max(0, line.Length - OutputLimits.Bytes / 3);
            return line[(char.IsLowSurrogate(line[start]) ? start + 1 : start)..];
        }
        return lines.Slice(lines.Count - count, count);
    }

    private void Spill()
    {
        EnsureFile();
        tail.Remove(0, tail.Length - OutputLimits.Bytes);
    }

    private void EnsureFile()
    {
        if (file is not null)
            return;
        filePath = Path.Combine(Path.GetTempPath(), $"agent-bash-{Path.GetRandomFileName()}.log");
        file = new StreamWriter(filePath, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        file.Write(tail);
    }
}

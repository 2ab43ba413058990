using System.Text;

namespace Agent.Tools;

/// <summary>The lines of a text, each with its line end.</summary>
internal sealed class TextLines
{
    private readonly string text;
    private readonly List<int> starts = [];

    public TextLines(string text)
    {
        this.text = text;
        for (int start = 0; start < text.Length;)
        {
            starts.Add(start);
            int end = text.IndexOf('\n', start);
            start = end < 0 ? text.Length : end + 1;
        }
    }

    public int Count => starts.Count;

    public string Slice(int first, int count) => count == 0 ? "" : text[starts[first]..EndOf(first + count - 1)];

    /// <summary>How many lines from <paramref name="first"/> on fit into a number of UTF-8 bytes, at most <paramref name="count"/>.</summary>
    public int Fitting(int first, int count, int bytes)
    {
        int fitting = 0;
        while (fitting < count)
        {
            int line = first + fitting;
            bytes -= Encoding.UTF8.GetByteCount(text.AsSpan(starts[line], EndOf(line) - starts[line]));
            if (bytes < 0)
                break;
            fitting++;
        }
        return fitting;
    }

    public static string WithLineEnd(string text) => text.Length == 0 || text.EndsWith('\n') ? text : text + "\n";

    private int EndOf(int line) => line + 1 < starts.Count ? starts[line + 1] : text.Length;
}

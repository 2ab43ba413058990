using System.Diagnostics;
using System.Globalization;

namespace Benchmarks;

/// <summary>
/// Times of one operation, call by call: a mean hides the token on which a client waits. Equal calls can be measured
/// several times, of which the least counts: a shared machine takes the processor away for milliseconds.
/// </summary>
internal sealed class Percentiles(string name)
{
    private readonly List<long> _ticks = [];
    private int _at;

    public const string Header = "| operation | calls | p50 µs | p99 µs | max µs |\n|---|---|---|---|---|";

    public void Measure(Action action)
    {
        var start = Stopwatch.GetTimestamp();
        action();
        var ticks = Stopwatch.GetTimestamp() - start;
        if (_at == _ticks.Count)
        {
            _ticks.Add(ticks);
        }
        else
        {
            _ticks[_at] = Math.Min(_ticks[_at], ticks);
        }

        _at++;
    }

    /// <summary>Adds what was measured elsewhere, in ticks of the stopwatch.</summary>
    public void Add(long ticks)
    {
        _ticks.Add(ticks);
        _at = _ticks.Count;
    }

    /// <summary>Goes back so many calls, to measure them again.</summary>
    public void Rewind(int calls) => _at -= calls;

    public void Print()
    {
        _ticks.Sort();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {_ticks.Count} | {At(0.5):F1} | {At(0.99):F1} | {At(1):F1} |"));
    }

    private double At(double share) =>
        _ticks[Math.Min(_ticks.Count - 1, (int)(share * _ticks.Count))] * 1e6 / Stopwatch.Frequency;
}

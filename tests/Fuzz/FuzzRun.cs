using System.Diagnostics;

namespace Fuzz;

/// <summary>Tries one target with a stretch of its inputs. The n-th input of a seed is always the same.</summary>
public sealed class FuzzRun(FuzzTarget target, int seed)
{
    /// <summary>Inputs between two checks of what must hold after many.</summary>
    private const int CheckInterval = 500;

    private readonly SortedDictionary<string, long> outcomes = new(StringComparer.Ordinal);
    private long began;
    private FuzzInput current = new();
    private long index;

    /// <summary>Longest time that one input may take.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Told now and then how many inputs were tried.</summary>
    public Action<long>? Progress { get; init; }

    /// <summary>Told when an input takes too long, while it still does.</summary>
    public Action<FuzzFailureException>? Hung { get; init; }

    /// <summary>What became of how many inputs.</summary>
    public IReadOnlyDictionary<string, long> Outcomes => outcomes;

    /// <summary>Tries inputs until there were enough or the time is over.</summary>
    /// <returns>Number of inputs.</returns>
    /// <exception cref="FuzzFailureException">An input failed.</exception>
    public async Task<long> RunAsync(long first, long inputs, TimeSpan time)
    {
        long start = Stopwatch.GetTimestamp();
        using var watch = new Timer(_ => Watch(), null, Patience, TimeSpan.FromSeconds(1));
        for (index = first; index < first + inputs && Stopwatch.GetElapsedTime(start) < time; index++)
        {
            await TryAsync();
            if ((index - first + 1) % CheckInterval == 0)
            {
                await CheckAsync();
                Progress?.Invoke(index - first + 1);
            }
        }
        await CheckAsync();
        return index - first;
    }

    private async Task TryAsync()
    {
        current = new FuzzInput();
        Volatile.Write(ref began, Stopwatch.GetTimestamp());
        try
        {
            string outcome = await target.TryAsync(new Random(Mix(seed, index)), current);
            outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
        }
        catch (Exception failure)
        {
            throw Failure(failure.ToString(), failure);
        }
        if (Stopwatch.GetElapsedTime(began) > Patience)
            throw Failure($"It took {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s.", null);
    }

    private async Task CheckAsync()
    {
        try
        {
            await target.CheckAsync();
        }
        catch (Exception failure)
        {
            throw Failure($"After this input: {failure}", failure);
        }
    }

    private void Watch()
    {
        if (Volatile.Read(ref began) is > 0 and var start && Stopwatch.GetElapsedTime(start) > 2 * Patience)
            Hung?.Invoke(Failure("It does not come to an end.", null));
    }

    /// <summary>Neighbours must not have similar random numbers, and no process others than the last.</summary>
    private static int Mix(int seed, long index)
    {
        ulong mixed = ((ulong)index * 0x9E3779B97F4A7C15) ^ ((ulong)(uint)seed << 32 | (uint)seed);
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return (int)(mixed >> 32);
    }

    private FuzzFailureException Failure(string what, Exception? cause) =>
        new($"{target.Name}, seed {seed}, input {index}: {what}\nThe input:\n{current.Text}", cause);
}

/// <summary>An input that failed; the message has the seed, the number and the input.</summary>
public sealed class FuzzFailureException(string message, Exception? cause) : Exception(message, cause);

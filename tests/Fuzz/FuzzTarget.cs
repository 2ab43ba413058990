namespace Fuzz;

/// <summary>Something that reads what others write, and endless inputs to try it with. Not thread-safe.</summary>
public abstract class FuzzTarget : IAsyncDisposable
{
    public abstract string Name { get; }

    /// <summary>
    /// Makes one input and tries it; throws when what reads it does anything but take it or refuse it by name.
    /// </summary>
    /// <param name="random">All chance of the input comes from here.</param>
    /// <param name="input">Is told what the input is before it is tried, for a report of the failure.</param>
    /// <returns>What became of it, in a word.</returns>
    public abstract ValueTask<string> TryAsync(Random random, FuzzInput input);

    /// <summary>Checks what must hold after many inputs.</summary>
    public virtual ValueTask CheckAsync() => ValueTask.CompletedTask;

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}

/// <summary>The input that is tried.</summary>
public sealed class FuzzInput
{
    private Func<string> text = () => "";

    /// <summary>The input as text.</summary>
    public string Text => text();

    /// <summary>Tells what is tried; made into text only when it fails.</summary>
    public void Is(Func<string> describe) => text = describe;
}

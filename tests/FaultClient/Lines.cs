using Ds4Provider;

namespace FaultClient;

/// <summary>What the program says: one word for what happened, then details, on a line of its own. Thread-safe.</summary>
internal sealed class Lines : IProgress<Ds4Progress>
{
    private readonly Lock gate = new();

    public void Report(Ds4Progress value) => Say($"{value.Phase.ToString().ToLowerInvariant()} {value.Message}");

    public void Say(string text)
    {
        lock (gate)
            Console.WriteLine(text.ReplaceLineEndings(" "));
    }
}

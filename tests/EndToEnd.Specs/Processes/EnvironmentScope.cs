namespace EndToEnd.Specs.Processes;

/// <summary>Sets variables of this process and puts the old values back when disposed.</summary>
internal sealed class EnvironmentScope : IDisposable
{
    private readonly Dictionary<string, string?> before = [];

    public EnvironmentScope(IReadOnlyDictionary<string, string?> variables)
    {
        foreach ((string name, string? value) in variables)
        {
            before[name] = Environment.GetEnvironmentVariable(name);
            Environment.SetEnvironmentVariable(name, value);
        }
    }

    public void Dispose()
    {
        foreach ((string name, string? value) in before)
            Environment.SetEnvironmentVariable(name, value);
    }
}

namespace Agent.Hosting;

/// <summary>
/// One thing that an extension registered: recorded, then in effect, then taken back. Disposal takes it back in any state.
/// </summary>
internal sealed class Registration(Func<IDisposable> apply) : IDisposable
{
    private readonly Lock gate = new();
    private IDisposable? applied;
    private bool disposed;

    /// <summary>Puts it into effect, unless it was taken back before.</summary>
    public void Apply()
    {
        lock (gate)
        {
            if (!disposed)
                applied ??= apply();
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            applied?.Dispose();
            applied = null;
        }
    }
}

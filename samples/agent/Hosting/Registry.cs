namespace Agent.Hosting;

/// <summary>Things of one kind that extensions have registered, in order, each with a name of its own. Thread-safe.</summary>
internal sealed class Registry<T>(string kind, Func<T, string> nameOf)
{
    private readonly Lock gate = new();
    private readonly List<Entry> entries = [];

    public IReadOnlyList<T> Items
    {
        get
        {
            lock (gate)
                return [.. entries.Select(entry => entry.Item)];
        }
    }

    /// <exception cref="ArgumentException">The name is taken.</exception>
    public IDisposable Add(T item)
    {
        Entry entry = new(this, item);
        lock (gate)
        {
            string name = nameOf(item);
            if (entries.Exists(other => nameOf(other.Item) == name))
                throw new ArgumentException($"There is already a {kind} named '{name}'.", nameof(item));
            entries.Add(entry);
        }
        return entry;
    }

    private sealed class Entry(Registry<T> registry, T item) : IDisposable
    {
        public T Item => item;

        public void Dispose()
        {
            lock (registry.gate)
                registry.entries.Remove(this);
        }
    }
}

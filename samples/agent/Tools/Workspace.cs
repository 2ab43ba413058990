using System.Collections.Concurrent;

namespace Agent.Tools;

/// <summary>The directory that the tools work in. Changes to one file happen one after another.</summary>
internal sealed class Workspace(string directory)
{
    private readonly ConcurrentDictionary<string, SemaphoreSlim> writers = new(StringComparer.Ordinal);

    public string Directory { get; } = Path.GetFullPath(directory);

    /// <summary>The full path of what the model named.</summary>
    public string Resolve(string path)
    {
        if (string.IsNullOrWhiteSpace(path))
            throw new ToolException("path is empty.");
        if (path == "~" || path.StartsWith("~/", StringComparison.Ordinal))
            path = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + path[1..];
        return Path.GetFullPath(path, Directory);
    }

    /// <summary>Runs a change of a file when all earlier changes of that file are done.</summary>
    public async Task<T> ChangeAsync<T>(string fullPath, Func<Task<T>> change, CancellationToken cancellationToken)
    {
        SemaphoreSlim writer = writers.GetOrAdd(fullPath, _ => new SemaphoreSlim(1, 1));
        await writer.WaitAsync(cancellationToken);
        try
        {
            return await change();
        }
        finally
        {
            writer.Release();
        }
    }
}

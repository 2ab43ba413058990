using System.Reflection;
using System.Runtime.Loader;

namespace Agent.Hosting;

/// <summary>
/// Where one extension lives: its own dependencies in its own versions, except for the assemblies whose types cross the
/// boundary. Collectible.
/// </summary>
internal sealed class ExtensionLoadContext(string assemblyPath)
    : AssemblyLoadContext(Path.GetFileNameWithoutExtension(assemblyPath), isCollectible: true)
{
    /// <summary>
    /// Shared by simple name, whatever version the extension carries: a second copy of any of these would make types that
    /// look equal and are not.
    /// </summary>
    private static readonly HashSet<string> Shared = new(StringComparer.OrdinalIgnoreCase)
    {
        "AgentHost.Abstractions",
        "Microsoft.Extensions.AI.Abstractions",
        "Microsoft.Extensions.Logging.Abstractions",
        "Microsoft.Extensions.DependencyInjection.Abstractions",
    };

    private readonly AssemblyDependencyResolver resolver = new(assemblyPath);

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        if (assemblyName.Name is { } name && Shared.Contains(name))
            return Default.LoadFromAssemblyName(new AssemblyName(name));
        string? path = resolver.ResolveAssemblyToPath(assemblyName);
        return path is null ? null : LoadFromAssemblyPath(path);
    }

    protected override nint LoadUnmanagedDll(string unmanagedDllName)
    {
        string? path = resolver.ResolveUnmanagedDllToPath(unmanagedDllName);
        return path is null ? 0 : LoadUnmanagedDllFromPath(path);
    }
}

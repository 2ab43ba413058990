namespace Agent.Hosting;

/// <summary>Finds the assemblies of extensions.</summary>
internal static class ExtensionLocator
{
    /// <summary>The extensions that lie beside the agent, one per folder.</summary>
    public static IEnumerable<string> Default(string baseDirectory)
    {
        string folder = Path.Combine(baseDirectory, "extensions");
        return Directory.Exists(folder) ? Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal) : [];
    }

    /// <summary>Reads the manifest of the extension at a path, which is its assembly or the folder around it.</summary>
    /// <remarks>A folder with an <c>extension.json</c> says which assembly it is; one without is searched.</remarks>
    /// <exception cref="ExtensionLoadException">There is no extension, or more than one, or what the folder says is wrong.</exception>
    public static ExtensionManifest Find(string path)
    {
        if (File.Exists(path))
        {
            return ExtensionManifest.TryRead(path)
                ?? throw new ExtensionLoadException($"{path} is not an extension: it has no [assembly: AgentExtension].");
        }
        if (!Directory.Exists(path))
            throw new ExtensionLoadException($"{path} does not exist; -e takes an extension's DLL or its folder.");

        if (ExtensionFile.TryRead(path) is { } file)
            return file.ReadManifest();
        List<ExtensionManifest> found = [.. Directory.EnumerateFiles(path, "*.dll").Order(StringComparer.Ordinal).Select(ExtensionManifest.TryRead).OfType<ExtensionManifest>()];
        return found.Count switch
        {
            1 => found[0],
            0 => throw new ExtensionLoadException($"{path} holds no extension: none of its DLLs has [assembly: AgentExtension]."),
            _ => throw new ExtensionLoadException(
                $"{path} holds several extensions; name one: {string.Join(", ", found.Select(manifest => Path.GetFileName(manifest.AssemblyPath)))}."),
        };
    }
}

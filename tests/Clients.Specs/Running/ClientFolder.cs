namespace Clients.Specs.Running;

/// <summary>
/// All that one run of a client reads and writes: its work, its home, its temporary files. Nothing of the user's is seen,
/// and all of it goes away.
/// </summary>
internal sealed class ClientFolder : IDisposable
{
    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("ds4-client-");

    public ClientFolder()
    {
        Work = root.CreateSubdirectory("work").FullName;
        Home = root.CreateSubdirectory("home").FullName;
        Temporary = root.CreateSubdirectory("tmp").FullName;
        Runtime = root.CreateSubdirectory("run").FullName;
        File.SetUnixFileMode(Runtime, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Where the client works.</summary>
    public string Work { get; }

    public string Home { get; }

    public string Temporary { get; }

    /// <summary>For sockets.</summary>
    public string Runtime { get; }

    /// <summary>Writes a file of the client's configuration.</summary>
    /// <param name="path">Path in the home.</param>
    /// <param name="text">Its content.</param>
    public void WriteHome(string path, string text)
    {
        string file = Path.Combine(Home, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    /// <summary>The whole environment of a client: nothing is inherited but the path.</summary>
    public Dictionary<string, string?> Environment() => new()
    {
        ["PATH"] = System.Environment.GetEnvironmentVariable("PATH"),
        ["HOME"] = Home,
        ["XDG_CONFIG_HOME"] = Path.Combine(Home, ".config"),
        ["XDG_DATA_HOME"] = Path.Combine(Home, ".local", "share"),
        ["XDG_STATE_HOME"] = Path.Combine(Home, ".local", "state"),
        ["XDG_CACHE_HOME"] = Path.Combine(Home, ".cache"),
        ["XDG_RUNTIME_DIR"] = Runtime,
        ["TMPDIR"] = Temporary,
        ["LANG"] = "C.UTF-8",
        ["TERM"] = "dumb",
        ["NO_COLOR"] = "1",
    };

    public void Dispose() => root.Delete(recursive: true);
}

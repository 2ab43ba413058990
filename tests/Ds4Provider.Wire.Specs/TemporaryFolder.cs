namespace Ds4Provider.Wire.Specs;

/// <summary>A folder of its own for one test, short enough for Unix sockets, removed at the end.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private const UnixFileMode Executable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public TemporaryFolder()
    {
        Path = System.IO.Path.Combine("/tmp", "ds4s-" + Guid.NewGuid().ToString("N")[..12]);
        Directory.CreateDirectory(Path);
    }

    public string Path { get; }

    public string this[string relative] => System.IO.Path.Combine(Path, relative);

    public string Write(string relative, string text)
    {
        string path = this[relative];
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public string WriteScript(string relative, string text)
    {
        string path = Write(relative, "#!/bin/sh\n" + text + "\n");
        File.SetUnixFileMode(path, Executable);
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

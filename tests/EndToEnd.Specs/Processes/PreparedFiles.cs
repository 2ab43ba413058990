namespace EndToEnd.Specs.Processes;

/// <summary>
/// What the first state directory of a run left behind that every later one may begin with: the installed executable, the
/// compiled engine and the proof that it passed its self-test. All of it is kept by content and never written again, so
/// that a second name is as good as a copy. Thread-safe.
/// </summary>
internal static class PreparedFiles
{
    private const string Executables = "bin";
    private const string Engine = "engine";
    private static readonly string Folder = Path.Combine(Path.GetTempPath(), $"ds4-e2e-prepared-{Environment.ProcessId}");
    private static readonly Lock Gate = new();

    static PreparedFiles() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        if (Directory.Exists(Folder))
            Directory.Delete(Folder, recursive: true);
    };

    /// <summary>Whether there is something to begin with.</summary>
    public static bool Exist => Directory.Exists(Folder);

    /// <summary>Gives a new state directory what there is.</summary>
    /// <param name="home">The state directory.</param>
    /// <param name="withEngine">Whether the compiled engine is a part of it.</param>
    public static void Give(string home, bool withEngine)
    {
        lock (Gate)
        {
            foreach (string name in withEngine ? (string[])[Executables, Engine] : [Executables])
            {
                string from = Path.Combine(Folder, name);
                if (Directory.Exists(from))
                    HardLinks.Create(from, Path.Combine(home, name));
            }
        }
    }

    /// <summary>Keeps what a state directory has, unless another one was first.</summary>
    public static void Keep(string home)
    {
        lock (Gate)
        {
            string engine = Path.Combine(home, Engine);
            if (Exist || !Directory.Exists(engine) || !Directory.EnumerateFiles(engine, "selftest.passed", SearchOption.AllDirectories).Any())
                return;
            foreach (string name in (string[])[Executables, Engine])
                HardLinks.Create(Path.Combine(home, name), Path.Combine(Folder, name));
        }
    }
}

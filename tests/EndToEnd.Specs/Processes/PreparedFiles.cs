namespace EndToEnd.Specs.Processes;

/// <summary>
/// What the first state directory of a run left behind that every later one may begin with: the installed executable, the
/// compiled engine and the proof that it passed its self-test. All of it is kept by content and never written again, so
/// that a second name is as good as a copy. Thread-safe.
/// </summary>
/// <param name="name">What they are of: executables of another content need another proof.</param>
/// <param name="engine">Where a compiled engine is taken from, as long as there is no own one; null = it is compiled.</param>
internal sealed class PreparedFiles(string name, PreparedFiles? engine = null)
{
    private const string Executables = "bin";
    private const string Engine = "engine";
    private const string Proof = "selftest.passed";
    private static readonly string Root = Path.Combine(Path.GetTempPath(), $"ds4-e2e-prepared-{Environment.ProcessId}");
    private static readonly Lock Gate = new();
    private readonly string folder = Path.Combine(Root, name);

    static PreparedFiles() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        if (Directory.Exists(Root))
            Directory.Delete(Root, recursive: true);
    };

    /// <summary>Of programs that use ds4 as it is shipped.</summary>
    public static PreparedFiles OfDemo { get; } = new("demo");

    /// <summary>Of programs that use small-flash in its place; both have the same engine.</summary>
    public static PreparedFiles OfSmallFlash { get; } = new("small-flash", OfDemo);

    /// <summary>Whether there is something to begin with.</summary>
    public bool Exist => Directory.Exists(folder);

    /// <summary>Gives a new state directory what there is.</summary>
    /// <param name="home">The state directory.</param>
    /// <param name="withEngine">Whether the compiled engine is a part of it.</param>
    public void Give(string home, bool withEngine)
    {
        lock (Gate)
        {
            if (Exist)
                HardLinks.Create(Path.Combine(folder, Executables), Path.Combine(home, Executables));
            if (withEngine && (Exist ? this : engine) is { Exist: true } owner)
                HardLinks.Create(Path.Combine(owner.folder, Engine), Path.Combine(home, Engine), file => owner == this || file != Proof);
        }
    }

    /// <summary>Keeps what a state directory has, unless another one was first.</summary>
    public void Keep(string home)
    {
        lock (Gate)
        {
            string built = Path.Combine(home, Engine);
            if (Exist || !Directory.Exists(built) || !Directory.EnumerateFiles(built, Proof, SearchOption.AllDirectories).Any())
                return;
            foreach (string part in (string[])[Executables, Engine])
                HardLinks.Create(Path.Combine(home, part), Path.Combine(folder, part));
        }
    }
}

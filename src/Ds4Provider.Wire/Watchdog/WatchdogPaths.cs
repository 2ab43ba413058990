using System.Security.Cryptography;
using System.Text;

namespace Ds4Provider.Wire.Watchdog;

/// <summary>
/// Where client and watchdog meet: files of the state directory and the socket's path. Both sides compute the same
/// paths from the same environment, so nothing has to be announced.
/// </summary>
public sealed class WatchdogPaths
{
    /// <summary>Longest path of a Unix socket on every platform (macOS: 104 bytes with the terminator).</summary>
    public const int MaximumSocketPathLength = 103;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Creates the paths.</summary>
    /// <param name="stateDirectory">The state directory, usually <c>~/.ds4</c>.</param>
    /// <param name="socketDirectory">A short directory for sockets.</param>
    public WatchdogPaths(string stateDirectory, string socketDirectory)
    {
        StateDirectory = Path.TrimEndingDirectorySeparator(Path.GetFullPath(stateDirectory));
        SocketDirectory = Path.GetFullPath(socketDirectory);
        // Several state directories (tests, DS4_HOME) share one socket directory without meeting each other.
        string instance = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(StateDirectory)))[..12];
        WatchdogSocket = Path.Combine(SocketDirectory, $"w-{instance}.sock");
        ServerSocketPrefix = $"s-{instance}-";
    }

    /// <summary>Everything that outlives a process; mode 0700.</summary>
    public string StateDirectory { get; }

    /// <summary>Directory of the sockets; mode 0700.</summary>
    public string SocketDirectory { get; }

    /// <summary>Socket of the watchdog.</summary>
    public string WatchdogSocket { get; }

    /// <summary>What the file names of all server sockets of this state directory start with.</summary>
    public string ServerSocketPrefix { get; }

    /// <summary>
    /// Socket of the model server that a watchdog starts. It carries the watchdog's process id: a server whose watchdog
    /// was killed may still be draining while the next one already answers.
    /// </summary>
    public string ServerSocketOf(int watchdogPid) => Path.Combine(SocketDirectory, $"{ServerSocketPrefix}{watchdogPid}.sock");

    /// <summary>Held by the running watchdog until after its socket is unlinked.</summary>
    public string WatchdogLock => Path.Combine(StateDirectory, "watchdog.lock");

    /// <summary>Held by a client while it starts the watchdog.</summary>
    public string StartLock => Path.Combine(StateDirectory, "start.lock");

    /// <summary>Copies of the executable, one folder per content hash.</summary>
    public string Executables => Path.Combine(StateDirectory, "bin");

    /// <summary>Builds of the native engine, one folder per hash of sources, compiler and flags.</summary>
    public string Engines => Path.Combine(StateDirectory, "engine");

    /// <summary>Weights.</summary>
    public string Models => Path.Combine(StateDirectory, "models");

    /// <summary>States of conversations, a folder for each model.</summary>
    public string Checkpoints => Path.Combine(StateDirectory, "checkpoints");

    /// <summary>Port and key of the TCP listener, see <see cref="ListenerRecord"/>.</summary>
    public string Listener => Path.Combine(StateDirectory, "listener.json");

    /// <summary>Logs.</summary>
    public string Logs => Path.Combine(StateDirectory, "logs");

    /// <summary>The watchdog's own log.</summary>
    public string WatchdogLog => Path.Combine(Logs, "watchdog.log");

    /// <summary>The model server's own log.</summary>
    public string ServerLog => Path.Combine(Logs, "server.log");

    /// <summary>What the model server wrote to its standard error: what the runtime and the engine say when they crash.</summary>
    public string ServerErrors => Path.Combine(Logs, "server.err");

    /// <summary>What make and the compiler said when the engine was built last.</summary>
    public string BuildLog => Path.Combine(Logs, "build.log");

    /// <summary>What the watchdog wrote before its logger was up, or while it crashed.</summary>
    public string WatchdogOutput => Path.Combine(Logs, "watchdog.out");

    /// <summary>
    /// The paths of this user: <c>DS4_HOME</c> or <c>~/.ds4</c>, and <c>$XDG_RUNTIME_DIR/ds4</c> or a folder of the
    /// temporary directory for the sockets, whose paths must stay short and local.
    /// </summary>
    /// <param name="environment">Reads a variable, e.g. <see cref="Environment.GetEnvironmentVariable(string)"/>.</param>
    public static WatchdogPaths FromEnvironment(Func<string, string?> environment)
    {
        string? home = environment("DS4_HOME");
        string state = string.IsNullOrEmpty(home)
            ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".ds4")
            : home;
        string? runtime = environment("XDG_RUNTIME_DIR");
        string sockets = !string.IsNullOrEmpty(runtime) && runtime.Length < 60 && Directory.Exists(runtime)
            ? Path.Combine(runtime, "ds4")
            : Path.Combine("/tmp", "ds4-" + Environment.UserName);
        return new WatchdogPaths(state, sockets);
    }

    /// <summary>Creates the directories that both sides need, readable by this user only.</summary>
    /// <exception cref="IOException">A directory cannot be created; the message names it.</exception>
    /// <exception cref="UnauthorizedAccessException">A directory is not this user's.</exception>
    public void CreateDirectories()
    {
        if (Encoding.UTF8.GetByteCount(WatchdogSocket) > MaximumSocketPathLength)
        {
            throw new IOException(
                $"The socket path {WatchdogSocket} is longer than {MaximumSocketPathLength} bytes; set XDG_RUNTIME_DIR to a shorter directory.");
        }
        CreateOwned(StateDirectory);
        CreateOwned(SocketDirectory);
        foreach (string directory in (string[])[Executables, Engines, Models, Checkpoints, Logs])
            Directory.CreateDirectory(directory, OwnerOnly);
    }

    private static void CreateOwned(string directory)
    {
        if (File.Exists(directory))
            throw new IOException($"The directory {directory} cannot be created: a file of that name is in its place.");
        Directory.CreateDirectory(directory, OwnerOnly);
        // Changing the mode succeeds for the owner only: it proves that nobody else made the directory first.
        File.SetUnixFileMode(directory, OwnerOnly);
    }
}

using Microsoft.Extensions.Logging;

namespace Ds4Provider.Server.Sessions.Disk;

/// <summary>
/// Notes beside the files which states are in use, for the next server: what a server did not survive twice is not used
/// again. Once proves nothing, since a server may be killed for any reason. Thread-safe.
/// </summary>
/// <param name="path">The folder of the states.</param>
/// <param name="nameOf">Path of the file of a state.</param>
/// <param name="logger">Where failures are told.</param>
internal sealed partial class StateTrials(string path, Func<PrefixKey, string> nameOf, ILogger logger)
{
    private const string InUse = ".inuse";
    private const string Suspect = ".suspect";
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly Dictionary<PrefixKey, int> uses = [];

    /// <summary>What servers before this one left: paths of the files that are not to be used any more.</summary>
    public HashSet<string> Settle()
    {
        HashSet<string> condemned = [];
        foreach (string note in Directory.GetFiles(path, "*" + InUse))
        {
            string state = note[..^InUse.Length];
            if (File.Exists(state + Suspect))
                condemned.Add(state);
            File.Move(note, state + Suspect, overwrite: true);
        }
        foreach (string note in Directory.GetFiles(path, "*" + Suspect))
        {
            string state = note[..^Suspect.Length];
            if (condemned.Contains(state) || !File.Exists(state))
                File.Delete(note);
        }
        return condemned;
    }

    /// <summary>A state is used from now on.</summary>
    public void Begin(PrefixKey key)
    {
        lock (uses)
        {
            uses[key] = uses.GetValueOrDefault(key) + 1;
            if (uses[key] == 1)
                Note(nameOf(key) + InUse);
        }
    }

    /// <summary>The use of a state is over, and this server lives.</summary>
    public void End(PrefixKey key)
    {
        lock (uses)
        {
            if (--uses[key] > 0)
                return;
            uses.Remove(key);
            Remove(nameOf(key) + InUse);
        }
    }

    /// <summary>A state is beyond suspicion.</summary>
    public void Acquit(PrefixKey key) => Remove(nameOf(key) + Suspect);

    private void Note(string file)
    {
        try
        {
            new FileStream(file, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = OwnerFile }).Dispose();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // A disk that takes no note must not keep a good state from being used.
            LogNotNoted(failure, file);
        }
    }

    private void Remove(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            LogNotNoted(failure, file);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The note {File} cannot be changed")]
    private partial void LogNotNoted(Exception exception, string file);
}

using Ds4Provider.Wire.Files;
using Ds4Provider.Wire.Watchdog;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Server.Sessions.Disk;

/// <summary>
/// The files of one model's states. A file appears under its name only when all of it is on the disk; one folder has one
/// writer. Not thread-safe.
/// </summary>
internal sealed partial class StateFolder : IDisposable
{
    private const string Ending = ".state";
    private const string Unfinished = ".unfinished";
    private const string Damaged = ".damaged";
    private const UnixFileMode OwnerDirectory = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int BufferBytes = 1 << 20;
    private static readonly TimeSpan DamagedAreKept = TimeSpan.FromDays(7);

    private readonly string path;
    private readonly string fingerprint;
    private readonly FileLock held;
    private readonly ILogger logger;

    private StateFolder(string path, string fingerprint, FileLock held, ILogger logger)
    {
        (this.path, this.fingerprint, this.held, this.logger) = (path, fingerprint, held, logger);
        Trials = new StateTrials(path, NameOf, logger);
    }

    /// <summary>Which states are in use.</summary>
    public StateTrials Trials { get; }

    /// <summary>Bytes that are free on its disk.</summary>
    public long FreeBytes => new DriveInfo(path).AvailableFreeSpace;

    /// <summary>Another file of this model, kept with the states.</summary>
    public string PathOf(string name) => Path.Combine(path, name);

    /// <summary>Opens the folder of a model; null when another server has it.</summary>
    /// <exception cref="IOException">It cannot be made or locked.</exception>
    /// <exception cref="UnauthorizedAccessException">It is not this user's.</exception>
    public static StateFolder? TryOpen(string root, string fingerprint, ILogger logger)
    {
        string path = Path.Combine(root, fingerprint.Length > 16 ? fingerprint[..16] : fingerprint);
        Directory.CreateDirectory(path, OwnerDirectory);
        return FileLock.TryAcquire(Path.Combine(path, "lock")) is { } held ? new StateFolder(path, fingerprint, held, logger) : null;
    }

    /// <summary>The states whose files are whole; sets aside what is damaged or ended two servers, and removes what no write finished.</summary>
    public IReadOnlyList<(StateHeader Header, DateTimeOffset Written)> Read()
    {
        var found = new List<(StateHeader, DateTimeOffset)>();
        HashSet<string> condemned = Trials.Settle();
        foreach (FileInfo file in new DirectoryInfo(path).EnumerateFiles())
        {
            if (file.Name.EndsWith(Unfinished, StringComparison.Ordinal)
                || (file.Name.EndsWith(Damaged, StringComparison.Ordinal) && DateTime.UtcNow - file.LastWriteTimeUtc > DamagedAreKept))
                file.Delete();
            else if (condemned.Contains(file.FullName))
                SetAside(file.FullName, "two servers ended while they used it");
            else if (file.Name.EndsWith(Ending, StringComparison.Ordinal) && TryRead(file) is { } header)
                found.Add((header, file.LastWriteTimeUtc));
        }
        return found;
    }

    /// <summary>Writes a state, which <see cref="Publish"/> then gives its name.</summary>
    /// <param name="header">Its header, without the number of bytes.</param>
    /// <param name="save">Writes the state itself.</param>
    /// <returns>The header with the number of bytes.</returns>
    /// <exception cref="IOException">The disk is full or fails; nothing is left.</exception>
    public StateHeader Write(StateHeader header, Action<Stream> save)
    {
        string unfinished = NameOf(header.Key) + Unfinished;
        try
        {
            using (var file = new FileStream(unfinished, new FileStreamOptions
            {
                Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None, BufferSize = BufferBytes, UnixCreateMode = OwnerFile,
            }))
            {
                file.Write(header.Write(fingerprint));
                save(file);
                header = header with { StateBytes = file.Position - StateHeader.Length };
                file.Position = 0;
                file.Write(header.Write(fingerprint));
                file.Flush(flushToDisk: true);
            }
            return header;
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }
    }

    /// <summary>Gives a written state its name; one of the same tokens goes.</summary>
    /// <exception cref="IOException">The disk fails.</exception>
    public void Publish(StateHeader header)
    {
        File.Move(NameOf(header.Key) + Unfinished, NameOf(header.Key), overwrite: true);
        Trials.Acquit(header.Key); // The suspicion was of the old bytes.
    }

    /// <summary>Makes the names that were given survive a power cut.</summary>
    /// <exception cref="IOException">The disk fails.</exception>
    public void Flush() => DirectorySync.Flush(path);

    /// <summary>Opens a state after its header.</summary>
    /// <exception cref="InvalidDataException">It is not the state that it was.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public FileStream Open(StateHeader header)
    {
        var file = new FileStream(NameOf(header.Key), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, BufferBytes, FileOptions.SequentialScan);
        try
        {
            if (ReadHeader(file) != header)
                throw new InvalidDataException("it was exchanged while the server ran");
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Notes a use, for the next server.</summary>
    public void Touch(StateHeader header, DateTimeOffset now) => File.SetLastWriteTimeUtc(NameOf(header.Key), now.UtcDateTime);

    public void Delete(StateHeader header) => File.Delete(NameOf(header.Key));

    /// <summary>Keeps a damaged file for a week under another name, and says so.</summary>
    public void SetAside(StateHeader header, string reason) => SetAside(NameOf(header.Key), reason);

    public void Dispose() => held.Dispose();

    private StateHeader? TryRead(FileInfo file)
    {
        try
        {
            using var stream = new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
            StateHeader header = ReadHeader(stream);
            if (file.FullName != NameOf(header.Key))
                throw new InvalidDataException("its name is of another state");
            if (file.Length != StateHeader.Length + header.StateBytes)
                throw new InvalidDataException($"it has {file.Length} bytes instead of {StateHeader.Length + header.StateBytes}");
            return header;
        }
        catch (InvalidDataException damaged)
        {
            SetAside(file.FullName, damaged.Message);
            return null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            LogUnreadable(unreadable, file.FullName);
            return null;
        }
    }

    private StateHeader ReadHeader(FileStream file)
    {
        var bytes = new byte[StateHeader.Length];
        int read = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return StateHeader.Read(bytes.AsSpan(0, read), fingerprint);
    }

    private void SetAside(string file, string reason)
    {
        File.Move(file, file + Damaged, overwrite: true);
        File.SetLastWriteTimeUtc(file + Damaged, DateTime.UtcNow); // the week begins now
        LogSetAside(file, reason, Damaged);
    }

    private string NameOf(PrefixKey key) => Path.Combine(path, key + Ending);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The stored state {File} cannot be read")]
    private partial void LogUnreadable(Exception exception, string file);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The stored state {File} cannot be used: {Reason}; it is kept for a week as {Ending}")]
    private partial void LogSetAside(string file, string reason, string ending);
}

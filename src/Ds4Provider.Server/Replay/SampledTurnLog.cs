using Microsoft.Extensions.Logging;

namespace Ds4Provider.Server.Replay;

/// <summary>
/// The sampled turns on the disk, so that a conversation is replayed after a restart as well. Appended to as turns come;
/// read, and rewritten without what was forgotten, when it is opened. A damaged end is dropped. Used by the worker only.
/// </summary>
internal sealed partial class SampledTurnLog : IDisposable
{
    private readonly FileStream file;

    private SampledTurnLog(FileStream file) => this.file = file;

    /// <summary>Reads a log into a store, and goes on with it.</summary>
    /// <param name="path">The file; made when missing, readable by its owner only.</param>
    /// <param name="store">Gets the turns, the oldest first.</param>
    /// <param name="logger">Where damage is told.</param>
    /// <exception cref="IOException">It cannot be read or written.</exception>
    public static SampledTurnLog Open(string path, SampledTurnStore store, ILogger logger)
    {
        if (File.Exists(path))
            Restore(File.ReadAllBytes(path), path, store, logger);
        string rewritten = path + ".new";
        using (FileStream file = Create(rewritten, FileMode.Create))
        {
            foreach (RememberedTurn turn in store.OldestFirst())
                file.Write(SampledTurnRecord.Write(turn));
            file.Flush(flushToDisk: true);
        }
        File.Move(rewritten, path, overwrite: true);
        return new SampledTurnLog(Create(path, FileMode.Append));
    }

    /// <summary>Adds a turn. It survives the end of the process at once, and a power cut a little later.</summary>
    /// <exception cref="IOException">The disk is full or fails.</exception>
    public void Append(RememberedTurn turn)
    {
        file.Write(SampledTurnRecord.Write(turn));
        file.Flush();
    }

    public void Dispose() => file.Dispose();

    private static void Restore(ReadOnlySpan<byte> bytes, string path, SampledTurnStore store, ILogger logger)
    {
        while (SampledTurnRecord.Read(ref bytes) is { } turn)
            store.Restore(turn);
        if (bytes.Length > 0)
            LogDamaged(logger, bytes.Length, path);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The last {Bytes} bytes of {Path} are damaged or unfinished; turns in them are rendered anew")]
    private static partial void LogDamaged(ILogger logger, int bytes, string path);

    private static FileStream Create(string path, FileMode mode) => new(path, new FileStreamOptions
    {
        Mode = mode, Access = FileAccess.Write, Share = FileShare.Read, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    });
}

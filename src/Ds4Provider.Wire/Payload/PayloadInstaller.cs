using System.Security.Cryptography;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Wire.Payload;

/// <summary>
/// Copies the payload into the state directory, once per content. The watchdog outlives the program that brought it,
/// and may not run from an output folder that the next build overwrites. Safe for any number of processes at once:
/// a copy appears whole, by one rename, or not at all.
/// </summary>
/// <param name="source">The folder beside the library.</param>
/// <param name="executables">Where copies live: <see cref="WatchdogPaths.Executables"/>.</param>
/// <param name="time">Tells which leftovers of killed processes are old.</param>
public sealed class PayloadInstaller(string source, string executables, TimeProvider time)
{
    /// <summary>Name of the folder beside the library.</summary>
    public const string FolderName = "ds4-payload";

    private const string Executable = "ds4";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private static readonly TimeSpan LeftoverAge = TimeSpan.FromHours(1);

    /// <summary>Makes sure that the copy is there.</summary>
    /// <param name="cancellationToken">Ends the work; what was copied so far is removed.</param>
    /// <returns>Path of the copied <c>ds4</c>.</returns>
    /// <exception cref="WatchdogUnavailableException">The payload is missing or damaged, or cannot be copied.</exception>
    public async Task<string> InstallAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await Task.Run(() => Install(cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new WatchdogUnavailableException(
                FailureReason.StartFailed,
                $"Cannot copy the engine's files from {source} to {executables}: {error.Message}",
                "Free some disk space, or set DS4_HOME to a writable directory.", innerException: error);
        }
        catch (InvalidDataException error)
        {
            throw new WatchdogUnavailableException(
                FailureReason.StartFailed, $"The engine's files in {source} are damaged: {error.Message}",
                "Build the project again, or restore its packages again.", innerException: error);
        }
    }

    private string Install(CancellationToken cancellationToken)
    {
        byte[] manifest = ReadManifest();
        PayloadManifest payload = PayloadManifest.Parse(manifest);
        if (payload.Files.All(file => file.Path != Executable))
            throw new InvalidDataException($"{PayloadManifest.FileName} does not name '{Executable}'.");
        string target = Path.Combine(executables, payload.Id);
        if (!IsComplete(target, payload))
        {
            RemoveLeftovers();
            CopyTo(target, payload, manifest, cancellationToken);
        }
        return Path.Combine(target, Executable);
    }

    private byte[] ReadManifest()
    {
        string path = Path.Combine(source, PayloadManifest.FileName);
        if (!File.Exists(path))
        {
            throw new WatchdogUnavailableException(
                FailureReason.StartFailed, $"The engine's files are missing: there is no {path}.",
                "Build the project again; a plugin must be copied together with its ds4-payload folder.");
        }
        return File.ReadAllBytes(path);
    }

    // A folder with its final name was verified before it got the name. Somebody may have deleted files since.
    private static bool IsComplete(string target, PayloadManifest payload) =>
        Directory.Exists(target) && payload.Files.All(file => File.Exists(Path.Combine(target, file.Path)));

    private void CopyTo(string target, PayloadManifest payload, byte[] manifest, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(executables, OwnerOnly);
        string temporary = Path.Combine(executables, $".{payload.Id}.{Guid.NewGuid():N}");
        Directory.CreateDirectory(temporary, OwnerOnly);
        try
        {
            foreach (PayloadFile file in payload.Files)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Copy(file, temporary);
            }
            File.WriteAllBytes(Path.Combine(temporary, PayloadManifest.FileName), manifest);
            Publish(temporary, target, payload);
        }
        finally
        {
            if (Directory.Exists(temporary))
                Directory.Delete(temporary, recursive: true);
        }
    }

    private void Copy(PayloadFile file, string temporary)
    {
        string from = Path.Combine(source, file.Path);
        string to = Path.Combine(temporary, file.Path);
        if (!File.Exists(from))
            throw new InvalidDataException($"{file.Path} is missing.");
        Directory.CreateDirectory(Path.GetDirectoryName(to)!, OwnerOnly);
        File.Copy(from, to);
        using (FileStream copy = File.OpenRead(to))
        {
            if (Convert.ToHexStringLower(SHA256.HashData(copy)) != file.Sha256)
                throw new InvalidDataException($"{file.Path} is not what {PayloadManifest.FileName} says.");
        }
        // A package manager's archive does not keep the executable bit.
        UnixFileMode mode = file.Path == Executable ? OwnerOnly : File.GetUnixFileMode(to) & OwnerOnly | UnixFileMode.UserRead | UnixFileMode.UserWrite;
        File.SetUnixFileMode(to, mode);
    }

    private void Publish(string temporary, string target, PayloadManifest payload)
    {
        if (Directory.Exists(target) && !IsComplete(target, payload))
            Directory.Move(target, Path.Combine(executables, $".{payload.Id}.{Guid.NewGuid():N}"));
        try
        {
            Directory.Move(temporary, target);
        }
        catch (IOException) when (IsComplete(target, payload))
        {
            // Another process was first; its copy is as good as ours.
        }
    }

    private void RemoveLeftovers()
    {
        if (!Directory.Exists(executables))
            return;
        DateTime old = time.GetUtcNow().UtcDateTime - LeftoverAge;
        foreach (string folder in Directory.EnumerateDirectories(executables, ".*").Where(folder => Directory.GetLastWriteTimeUtc(folder) < old))
        {
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (IOException)
            {
                // Another process removes it at this moment.
            }
        }
    }
}

using System.ComponentModel;
using System.Formats.Tar;
using System.IO.Compression;
using CliWrap;
using CliWrap.Buffered;
using Ds4Provider.Wire.Watchdog;

namespace Clients.Specs.Installation;

/// <summary>
/// Installs packages once for every run of these specifications. npm downloads and checks the archive; no script of a
/// package runs, and where a package is whole no dependency is looked up. A folder of the cache is complete or not
/// there: it is prepared beside its place, under a lock, and renamed.
/// </summary>
/// <param name="folder">Where the packages are; created when missing.</param>
/// <param name="npm">The npm to run.</param>
internal sealed class PackageCache(string folder, string npm = "npm")
{
    /// <summary>Another place than the user's cache folder.</summary>
    public const string FolderVariable = "DS4_CLIENTS_CACHE";

    private const UnixFileMode Executable =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute |
        UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>The cache that survives the run.</summary>
    public static PackageCache OfUser() => new(Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } chosen
        ? chosen
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "ds4-clients"));

    /// <summary>Installs the package unless it is there.</summary>
    /// <returns>Path of its program.</returns>
    /// <exception cref="PackageUnavailableException">npm is missing or cannot get the package.</exception>
    public async Task<string> InstallAsync(NpmPackage package, CancellationToken cancellationToken)
    {
        string target = Path.Combine(folder, package.Folder);
        string program = Path.Combine(target, package.Program);
        if (Directory.Exists(target))
            return program;
        Directory.CreateDirectory(folder);
        using FileLock _ = await FileLock.AcquireAsync(target + ".lock", cancellationToken);
        if (Directory.Exists(target))
            return program;

        // The lock is held, so what lies there was left by an installation that was killed.
        var partial = new DirectoryInfo(target + ".partial");
        DeleteIfThere(partial);
        partial.Create();
        try
        {
            string content = package.DependenciesOf is { } day
                ? await InstallTreeAsync(package, day, partial, cancellationToken)
                : await UnpackAsync(await DownloadAsync(package, partial, cancellationToken), partial, cancellationToken);
            File.SetUnixFileMode(Path.Combine(content, package.Program), Executable);
            Directory.Move(content, target);
        }
        finally
        {
            DeleteIfThere(partial);
        }
        return program;
    }

    private async Task<string> DownloadAsync(NpmPackage package, DirectoryInfo partial, CancellationToken cancellationToken)
    {
        await RunAsync(package, ["pack", package.Specifier, "--pack-destination", partial.FullName], partial, cancellationToken);
        return partial.GetFiles("*.tgz").Single().FullName;
    }

    private async Task<string> InstallTreeAsync(NpmPackage package, string day, DirectoryInfo partial, CancellationToken cancellationToken)
    {
        string tree = partial.CreateSubdirectory("tree").FullName;
        await RunAsync(
            package, ["install", package.Specifier, "--prefix", tree, "--before", day, "--omit=dev", "--no-package-lock", "--no-audit", "--no-fund"],
            partial, cancellationToken);
        return tree;
    }

    private async Task RunAsync(NpmPackage package, string[] command, DirectoryInfo partial, CancellationToken cancellationToken)
    {
        BufferedCommandResult result;
        try
        {
            // npm's own cache goes away with the archives: nothing is kept twice.
            result = await Cli.Wrap(npm)
                .WithArguments([.. command, "--ignore-scripts", "--silent", "--loglevel=error", "--cache", Path.Combine(partial.FullName, "npm")])
                .WithWorkingDirectory(partial.FullName)
                .WithEnvironmentVariables(variables => variables.Set("NO_UPDATE_NOTIFIER", "1"))
                .WithValidation(CommandResultValidation.None)
                .ExecuteBufferedAsync(cancellationToken);
        }
        catch (Win32Exception missing)
        {
            throw new PackageUnavailableException(package, $"{npm} is not there.", missing);
        }
        if (!result.IsSuccess)
            throw new PackageUnavailableException(package, $"npm ended with {result.ExitCode}. {FirstLines(result.StandardError)}");
    }

    /// <returns>The folder of the package; npm's archives have one at the top.</returns>
    private static async Task<string> UnpackAsync(string archive, DirectoryInfo partial, CancellationToken cancellationToken)
    {
        DirectoryInfo unpacked = partial.CreateSubdirectory("unpacked");
        await using FileStream file = File.OpenRead(archive);
        await using var bytes = new GZipStream(file, CompressionMode.Decompress);
        await TarFile.ExtractToDirectoryAsync(bytes, unpacked.FullName, overwriteFiles: false, cancellationToken);
        return unpacked.GetDirectories().Single().FullName;
    }

    /// <summary>npm says what was wrong first, and then much more.</summary>
    private static string FirstLines(string errors) =>
        string.Join("; ", errors.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Take(3));

    private static void DeleteIfThere(DirectoryInfo directory)
    {
        directory.Refresh();
        if (directory.Exists)
            directory.Delete(recursive: true);
    }
}

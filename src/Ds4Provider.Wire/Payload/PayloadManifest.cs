using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Ds4Provider.Wire.Payload;

/// <summary>The files of a payload and their hashes: lines <c>&lt;sha256 hex&gt;  &lt;relative path&gt;</c> of <c>manifest.sha256</c>.</summary>
public sealed class PayloadManifest
{
    /// <summary>Name of the file, in the payload's root.</summary>
    public const string FileName = "manifest.sha256";

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    private PayloadManifest(string id, IReadOnlyList<PayloadFile> files)
    {
        Id = id;
        Files = files;
    }

    /// <summary>First 16 hex digits of the SHA-256 of the manifest itself.</summary>
    public string Id { get; }

    /// <summary>The files, the manifest itself excepted.</summary>
    public IReadOnlyList<PayloadFile> Files { get; }

    /// <summary>Reads a manifest.</summary>
    /// <exception cref="InvalidDataException">A line is malformed or names a path outside the payload.</exception>
    public static PayloadManifest Parse(ReadOnlySpan<byte> utf8)
    {
        string id = Convert.ToHexStringLower(SHA256.HashData(utf8))[..16];
        string[] lines = Encoding.UTF8.GetString(utf8).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return new PayloadManifest(id, [.. lines.Select(ParseLine)]);
    }

    /// <summary>The files of a folder as they are, subfolders included, in no order.</summary>
    /// <param name="folder">The folder; every file is read whole, one after the other.</param>
    public static IEnumerable<PayloadFile> FilesBelow(string folder)
    {
        foreach (string path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            using FileStream file = File.OpenRead(path);
            yield return new PayloadFile(
                Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/'), Convert.ToHexStringLower(SHA256.HashData(file)));
        }
    }

    private static PayloadFile ParseLine(string line, int index)
    {
        const int HashLength = 64;
        if (line.Length < HashLength + 3 || !line.AsSpan(HashLength, 2).SequenceEqual("  ")
            || line.AsSpan(0, HashLength).ContainsAnyExcept(HexDigits))
        {
            throw new InvalidDataException($"Line {index + 1} of {FileName} is not '<sha256>  <path>'.");
        }
        string path = line[(HashLength + 2)..];
        if (Path.IsPathRooted(path) || path.Contains('\0', StringComparison.Ordinal) || path.Split('/').Any(part => part is "" or "." or ".."))
            throw new InvalidDataException($"Line {index + 1} of {FileName} names a path outside the payload: {path}");
        return new PayloadFile(path, line[..HashLength]);
    }
}

/// <summary>A file of the payload.</summary>
/// <param name="Path">Relative path, with slashes.</param>
/// <param name="Sha256">Its hash, lower-case hex.</param>
public sealed record PayloadFile(string Path, string Sha256);

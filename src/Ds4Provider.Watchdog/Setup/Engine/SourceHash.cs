using System.Security.Cryptography;
using System.Text;

namespace Ds4Provider.Watchdog.Setup.Engine;

/// <summary>Names a build after everything that it depends on.</summary>
internal static class SourceHash
{
    private const int Digits = 16;

    /// <summary>Hash of every file below a folder, by relative path and content, and of further facts such as the compiler's version.</summary>
    public static string Compute(string folder, params IEnumerable<string> facts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string fact in facts)
            Append(hash, Encoding.UTF8.GetBytes(fact));
        IEnumerable<string> files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(folder, file))
            .Order(StringComparer.Ordinal);
        foreach (string file in files)
        {
            Append(hash, Encoding.UTF8.GetBytes(file));
            Append(hash, File.ReadAllBytes(Path.Combine(folder, file)));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..Digits];
    }

    // With its length before it, no part can be mistaken for the end of another.
    private static void Append(IncrementalHash hash, byte[] part)
    {
        hash.AppendData(BitConverter.GetBytes((long)part.Length));
        hash.AppendData(part);
    }
}

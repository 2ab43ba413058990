using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Agent.Hosting;

/// <summary>
/// What a plugin folder says about its extension in <c>extension.json</c>, so that nobody has to search the folder: which
/// assembly it is, in which version, and what it does on the machine.
/// </summary>
/// <param name="FilePath">Full path of the file.</param>
/// <param name="Id">Id of the extension, as in its assembly: small letters, digits, <c>.</c>, <c>_</c>, <c>-</c>; at most 64.</param>
/// <param name="Version">Version of the extension; at most 64 characters.</param>
/// <param name="Assembly">Name of the extension's assembly, which lies beside the file.</param>
/// <param name="Contract">Contract version that it was written for, as in its assembly.</param>
/// <param name="Permissions">What it does on the machine, for people; null when it does not say.</param>
internal sealed partial record ExtensionFile(string FilePath, string Id, string Version, string Assembly, string Contract, string? Permissions)
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "extension.json";

    /// <summary>Nothing that describes an extension is longer.</summary>
    private const int MostBytes = 64 << 10;

    // Fields that a later agent understands do not keep this one from reading the rest.
    private static readonly JsonSerializerOptions Format = new(JsonSerializerOptions.Strict)
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
    };

    /// <summary>Reads the file of a folder; null when there is none.</summary>
    /// <exception cref="ExtensionLoadException">It cannot be read, or is malformed.</exception>
    public static ExtensionFile? TryRead(string folder)
    {
        string path = Path.GetFullPath(Path.Combine(folder, FileName));
        if (!File.Exists(path))
            return null;
        try
        {
            return Parse(path, ReadBytes(path));
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            throw Malformed(path, exception.Message, exception);
        }
    }

    /// <summary>Reads what the named assembly says about itself, and checks that the two agree.</summary>
    /// <exception cref="ExtensionLoadException">They do not, or there is no such extension.</exception>
    public ExtensionManifest ReadManifest()
    {
        string path = Path.Combine(Path.GetDirectoryName(FilePath)!, Assembly);
        if (!File.Exists(path))
            throw Malformed(FilePath, $"its assembly {Assembly} is not in the folder");
        ExtensionManifest manifest = ExtensionManifest.TryRead(path)
            ?? throw Malformed(FilePath, $"its assembly {Assembly} is not an extension: it has no [assembly: AgentExtension]");
        RequireSame("id", Id, manifest.Id);
        RequireSame("contract", Contract, manifest.Contract);
        return manifest;
    }

    private void RequireSame(string field, string here, string there)
    {
        if (here != there)
            throw Malformed(FilePath, $"its {field} is '{here}', and that of {Assembly} is '{there}'");
    }

    private static byte[] ReadBytes(string path)
    {
        using FileStream stream = File.OpenRead(path);
        byte[] bytes = new byte[MostBytes + 1];
        int length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return length <= MostBytes ? bytes[..length] : throw Malformed(path, $"it is longer than {MostBytes >> 10} KiB");
    }

    private static ExtensionFile Parse(string path, byte[] json)
    {
        Fields fields = JsonSerializer.Deserialize<Fields>(json, Format) ?? throw Malformed(path, "it holds null");
        return new ExtensionFile(
            path,
            Checked(path, "id", fields.Id, IdPattern(), "1 to 64 small letters, digits, '.', '_' and '-', a letter or a digit first"),
            Checked(path, "version", fields.Version, VersionPattern(), "a version such as 1.2.3"),
            Checked(path, "assembly", fields.Assembly, AssemblyPattern(), "the name of a DLL beside it, without a folder"),
            Checked(path, "contract", fields.Contract, ContractPattern(), "a contract version such as 1.0"),
            fields.Permissions);
    }

    private static string Checked(string path, string field, string? value, Regex pattern, string expected)
    {
        if (value is null)
            throw Malformed(path, $"it has no \"{field}\"");
        return pattern.IsMatch(value) ? value : throw Malformed(path, $"its \"{field}\" is not {expected}");
    }

    private static ExtensionLoadException Malformed(string path, string what, Exception? cause = null) => new(
        $"{path}: {what.TrimEnd('.')}. Publish the extension again, or write the file by hand: " +
        """{"id":"mine","version":"1.2.3","assembly":"Mine.dll","contract":"1.0"}.""", cause);

    // The id names a directory, the assembly a file: neither leads elsewhere.
    [GeneratedRegex(@"\A[a-z0-9][a-z0-9._-]{0,63}\z")]
    private static partial Regex IdPattern();

    [GeneratedRegex(@"\A[0-9][0-9A-Za-z.+-]{0,63}\z")]
    private static partial Regex VersionPattern();

    [GeneratedRegex(@"\A[^/\\:\p{C}]{1,200}\.dll\z")]
    private static partial Regex AssemblyPattern();

    [GeneratedRegex(@"\A[0-9]{1,4}\.[0-9]{1,4}\z")]
    private static partial Regex ContractPattern();

    private sealed record Fields
    {
        public string? Id { get; init; }

        public string? Version { get; init; }

        public string? Assembly { get; init; }

        public string? Contract { get; init; }

        public string? Permissions { get; init; }
    }
}

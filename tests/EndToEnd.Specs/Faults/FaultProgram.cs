using System.Text;
using Ds4Provider;
using Ds4Provider.Wire.Payload;
using EndToEnd.Specs.Processes;

namespace EndToEnd.Specs.Faults;

/// <summary>A program that uses a model.</summary>
/// <param name="Path">The program.</param>
/// <param name="Model">The model that it asks for.</param>
/// <param name="Prepared">What its state directories begin with.</param>
internal sealed record FaultProgram(string Path, string Model, PreparedFiles Prepared)
{
    private const string Payload = PayloadInstaller.FolderName;
    private const string Executable = "ds4";
    private const string SmallExecutable = "small-flash";
    private static readonly Lazy<FaultProgram> Small = new(MakeSmall);

    /// <summary>Uses the demo.</summary>
    public static FaultProgram OfDemo { get; } = new(BuildOutput.FaultClient, Ds4Model.DemoId, PreparedFiles.OfDemo);

    /// <summary>Uses a Flash that is small enough to be fetched: the same program, with another payload beside it.</summary>
    public static FaultProgram OfSmallFlash => Small.Value;

    private static FaultProgram MakeSmall()
    {
        string folder = Directory.CreateTempSubdirectory("ds4-e2e-small-flash-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        string client = System.IO.Path.GetDirectoryName(BuildOutput.FaultClient)!;
        Copy(client, folder, name => !name.StartsWith(Payload, StringComparison.Ordinal));
        string payload = System.IO.Path.Combine(folder, Payload);
        Copy(System.IO.Path.GetDirectoryName(BuildOutput.SmallFlash)!, payload, name => name != Executable && name != SmallExecutable);
        // Clients start what has this name.
        File.Copy(BuildOutput.SmallFlash, System.IO.Path.Combine(payload, Executable));
        IEnumerable<string> lines = PayloadManifest.FilesBelow(payload).OrderBy(file => file.Path, StringComparer.Ordinal).Select(file => $"{file.Sha256}  {file.Path}\n");
        File.WriteAllText(System.IO.Path.Combine(payload, PayloadManifest.FileName), string.Concat(lines), new UTF8Encoding(false));
        return new FaultProgram(
            System.IO.Path.Combine(folder, System.IO.Path.GetFileName(BuildOutput.FaultClient)), Ds4Model.FlashId, PreparedFiles.OfSmallFlash);
    }

    private static void Copy(string from, string to, Func<string, bool> isWanted)
    {
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string name = System.IO.Path.GetRelativePath(from, file);
            if (!isWanted(name))
                continue;
            string target = System.IO.Path.Combine(to, name);
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}

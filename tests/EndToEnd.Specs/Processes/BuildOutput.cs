namespace EndToEnd.Specs.Processes;

/// <summary>Programs as the solution built them, in the configuration of these tests.</summary>
internal static class BuildOutput
{
    public static string Root { get; } = FindRoot();

    public static string Agent => Program("samples", "agent");

    public static string FaultClient => Program("tests", "fault-client", "FaultClient");

    public static string SmallFlash => Program("tests", "small-flash", "SmallFlash");

    public static string Ds4 => Program("src", "ds4");

    public static string Minimal => Program("samples", "minimal");

    private static string Program(string folder, string name, string? project = null) =>
        Path.Combine(Root, folder, project ?? name, "bin", Configuration, "net10.0", name);

    /// <summary>Tests run from <c>…/bin/&lt;configuration&gt;/net10.0/</c>.</summary>
    private static string Configuration =>
        new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)).Parent!.Name;

    private static string FindRoot()
    {
        for (DirectoryInfo? directory = new(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Ds4Provider.sln")))
                return directory.FullName;
        }
        throw new InvalidOperationException($"Ds4Provider.sln was not found above {AppContext.BaseDirectory}.");
    }
}

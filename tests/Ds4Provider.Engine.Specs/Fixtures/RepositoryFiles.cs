using System.Reflection;
using System.Runtime.InteropServices;

namespace Ds4Provider.Engine.Specs.Fixtures;

/// <summary>Files of the repository that the specs use.</summary>
internal static class RepositoryFiles
{
    private static readonly string Root = typeof(RepositoryFiles).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == "RepositoryRoot").Value!;

    public static string Library =>
        Of("native", "build", RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? "libds4.dylib" : "libds4.so");

    public static string TinyModel => Of("native", "tests", "golden", "tiny.gguf");

    public static string Of(params string[] path) => Path.Combine([Root, .. path]);
}

using System.Reflection;
using System.Runtime.InteropServices;
using Ds4Provider.Engine;

namespace Ds4Provider.Server.Specs.Engine;

/// <summary>The engine as it is built from this repository, with its tiny model of random weights.</summary>
internal static class RealEngine
{
    private static readonly string Root = typeof(RealEngine).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == "RepositoryRoot").Value!;

    public static LoadedModel OpenTiny() => Open("native", "tests", "golden", "tiny.gguf");

    /// <summary>The demo model, for its vocabulary.</summary>
    public static LoadedModel OpenDemo() => Open("native", "demo", "ds4-demo.gguf");

    /// <summary>The engine's library.</summary>
    public static string Library { get; } =
        Path.Combine(Root, "native", "build", RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? "libds4.dylib" : "libds4.so");

    /// <summary>The tiny model of random weights.</summary>
    public static string TinyModel { get; } = Path.Combine(Root, "native", "tests", "golden", "tiny.gguf");

    private static LoadedModel Open(params string[] path) => LoadedModel.Open(Library, Path.Combine([Root, .. path]), threads: 1);
}

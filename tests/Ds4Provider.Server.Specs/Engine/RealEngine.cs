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

    private static LoadedModel Open(params string[] path) => LoadedModel.Open(
        Path.Combine(Root, "native", "build", RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? "libds4.dylib" : "libds4.so"),
        Path.Combine([Root, .. path]), threads: 1);
}

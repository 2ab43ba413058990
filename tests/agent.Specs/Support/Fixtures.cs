using System.Reflection;

namespace Agent.Specs.Support;

/// <summary>Where the build put what the specs run.</summary>
public static class Fixtures
{
    /// <summary>Folder of the test extension.</summary>
    public static string TestExtension => Metadata("TestExtension");

    /// <summary>The agent's assembly in its own output, with its default extensions beside it.</summary>
    public static string Agent => Metadata("Agent");

    private static string Metadata(string key) => typeof(Fixtures).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == key).Value!;
}

namespace Ds4Provider.Watchdog.Setup.Engine;

/// <summary>A complete build of the native engine, in a folder that nobody changes any more.</summary>
/// <param name="Folder">Its folder.</param>
internal sealed record EngineBuild(string Folder)
{
    /// <summary>The shared library.</summary>
    public string Library => Path.Combine(Folder, OperatingSystem.IsMacOS() ? "libds4.dylib" : "libds4.so");

    /// <summary>The program that writes the logits of chosen positions.</summary>
    public string LogitsTool => Path.Combine(Folder, "ds4-logits");

    /// <summary>The program that tries the Metal backend; only there when the engine has one.</summary>
    public string MetalCheckTool => Path.Combine(Folder, "ds4-check-metal");

    /// <summary>Whether everything is there.</summary>
    public bool IsComplete => File.Exists(Library) && File.Exists(LogitsTool);
}

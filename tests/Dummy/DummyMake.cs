namespace Ds4Provider.Dummy;

/// <summary>
/// make, without compiling. <c>DUMMY_MAKE</c> says how it goes: <c>ok</c>, <c>broken</c>, <c>slow</c>, or <c>wrong</c>
/// (an engine that fails its self-test). Every run adds its process id to <c>DUMMY_MAKE_RUNS</c>, and waits until the
/// file <c>DUMMY_MAKE_GATE</c> exists, when that is set. <c>DUMMY_CHECK_METAL</c> is what the program does, in the shell's
/// language, that tries the Metal backend; the engine has none when it is not set.
/// </summary>
internal static class DummyMake
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        if (arguments is ["--version"])
        {
            Console.WriteLine("Dummy Make 1.0");
            return 0;
        }
        string mood = Environment.GetEnvironmentVariable("DUMMY_MAKE") ?? "ok";
        if (Environment.GetEnvironmentVariable("DUMMY_MAKE_RUNS") is { } runs)
            await File.AppendAllTextAsync(runs, $"{Environment.ProcessId}\n");
        string build = arguments.First(argument => argument.StartsWith("BUILD=", StringComparison.Ordinal))["BUILD=".Length..];
        Console.WriteLine("cc -c src/forward.c");
        while (Environment.GetEnvironmentVariable("DUMMY_MAKE_GATE") is { } gate && !File.Exists(gate))
            await Task.Delay(20);
        if (mood == "slow")
            await Task.Delay(TimeSpan.FromMinutes(5));
        if (mood == "broken")
        {
            Console.Error.WriteLine("src/forward.c:7: error: expected ';'");
            return 2;
        }
        await MakeAsync(build, mood == "wrong" ? "0.01" : "0");
        return 0;
    }

    private static async Task MakeAsync(string build, string error)
    {
        await File.WriteAllTextAsync(Path.Combine(build, OperatingSystem.IsMacOS() ? "libds4.dylib" : "libds4.so"), "not a library");
        await MakeToolAsync(Path.Combine(build, "ds4-logits"), $"exec \"{Environment.ProcessPath}\" logits {error} \"$@\"");
        if (Environment.GetEnvironmentVariable("DUMMY_CHECK_METAL") is { } check)
            await MakeToolAsync(Path.Combine(build, "ds4-check-metal"), check);
    }

    private static async Task MakeToolAsync(string path, string script)
    {
        await File.WriteAllTextAsync(path, $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}

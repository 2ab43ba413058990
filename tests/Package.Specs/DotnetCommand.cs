using CliWrap;
using CliWrap.Buffered;

namespace Package.Specs;

/// <summary>Runs the SDK, and what it made, as a user at a prompt would: without the variables of the test run.</summary>
internal static class DotnetCommand
{
    // `dotnet test` leaves these to its children; a nested build would look for its SDK and its nodes there.
    private static readonly string[] Inherited = ["MSBuildSDKsPath", "MSBuildExtensionsPath", "MSBUILD_EXE_PATH", "MSBuildLoadMicrosoftTargetsReadOnly", "_MSBUILDTLENABLED"];

    /// <summary>Runs a command that must succeed, and returns what it wrote to standard output.</summary>
    public static async Task<string> RunAsync(
        string folder, IReadOnlyDictionary<string, string?> variables, string program, string[] arguments, CancellationToken cancellationToken)
    {
        BufferedCommandResult result = await Cli.Wrap(program)
            .WithArguments(arguments)
            .WithWorkingDirectory(folder)
            .WithEnvironmentVariables(set =>
            {
                foreach (string name in Inherited)
                    set.Set(name, null);
                // A compiler or a build node that stays would be a process left behind.
                set.Set("MSBUILDDISABLENODEREUSE", "1").Set("UseSharedCompilation", "false")
                    .Set("DOTNET_CLI_USE_MSBUILD_SERVER", "0").Set("DOTNET_NOLOGO", "1").Set("DOTNET_CLI_TELEMETRY_OPTOUT", "1");
                foreach ((string name, string? value) in variables)
                    set.Set(name, value);
            })
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(cancellationToken);
        result.ExitCode.ShouldBe(0, $"{program} {string.Join(' ', arguments)}\n{result.StandardOutput}\n{result.StandardError}");
        return result.StandardOutput;
    }
}

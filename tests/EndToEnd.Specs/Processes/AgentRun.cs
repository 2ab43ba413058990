using CliWrap;
using CliWrap.Buffered;

namespace EndToEnd.Specs.Processes;

/// <summary>Runs the agent's binary in a folder of its own.</summary>
internal sealed class AgentRun(StateHome home) : IDisposable
{
    private readonly Dictionary<string, string?> variables = new(home.Variables);
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ds4-e2e-work-");

    public string Folder => folder.FullName;

    public string PathOf(string file) => Path.Combine(Folder, file);

    /// <summary>Another state directory for the agent.</summary>
    public AgentRun WithHome(string path)
    {
        variables["DS4_HOME"] = path;
        return this;
    }

    /// <summary>Starts the agent; its process id is in the task.</summary>
    public CommandTask<BufferedCommandResult> Start(params string[] arguments) =>
        Cli.Wrap(BuildOutput.Agent)
            .WithArguments(arguments)
            .WithWorkingDirectory(Folder)
            .WithEnvironmentVariables(variables)
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(home.Cancelled);

    /// <summary>Runs the agent with the demo model in print mode.</summary>
    public CommandTask<BufferedCommandResult> Ask(string prompt, params string[] options) =>
        Start(["--model", "ds4/demo", .. options, "-p", prompt]);

    public void Dispose() => folder.Delete(recursive: true);
}

using System.Diagnostics;

namespace Agent.Specs.Support;

/// <summary>The agent as its own process, with the test extension.</summary>
internal static class AgentProcess
{
    public static async Task<AgentRun> RunAsync(string directory, params string[] arguments)
    {
        using Process process = Start(directory, arguments);
        return await EndAsync(process);
    }

    public static Process Start(string directory, params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet")
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in (string[])["exec", Fixtures.Agent, "-e", Fixtures.TestExtension, .. arguments])
            start.ArgumentList.Add(argument);
        start.Environment["HOME"] = directory;
        start.Environment["DS4_HOME"] = Path.Combine(directory, ".ds4");
        Process process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    public static async Task<AgentRun> EndAsync(Process process)
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(token);
            Task<string> error = process.StandardError.ReadToEndAsync(token);
            await process.WaitForExitAsync(token);
            return new AgentRun(process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}

/// <summary>What a run of the agent left.</summary>
internal sealed record AgentRun(int ExitCode, string Output, string Error);

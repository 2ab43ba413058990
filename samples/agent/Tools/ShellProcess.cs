using System.Diagnostics;
using System.Text;

namespace Agent.Tools;

/// <summary>One bash command as a child process.</summary>
internal static class ShellProcess
{
    /// <summary>How long output is awaited after bash has ended: a command that it left in the background keeps the pipe open.</summary>
    private static readonly TimeSpan OutputGrace = TimeSpan.FromMilliseconds(250);

    /// <summary>Runs a command to its end and returns its exit code. Cancellation kills it and everything that it started.</summary>
    public static async Task<int> RunAsync(string command, string directory, TailBuffer output, CancellationToken cancellationToken)
    {
        using Process process = Start(command, directory);
        Task reading = ReadAsync(process.StandardOutput.BaseStream, output);
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            throw;
        }
        finally
        {
            await Task.WhenAny(reading, Task.Delay(OutputGrace, CancellationToken.None));
            output.Close();
        }
        return process.ExitCode;
    }

    private static Process Start(string command, string directory)
    {
        ProcessStartInfo start = new("bash")
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            // Nothing but the start of bash itself can be written there.
            RedirectStandardError = true,
        };
        // The outer bash joins both streams into one pipe, so that their order is kept, and becomes the inner one.
        foreach (string argument in (string[])["-c", "exec bash -c \"$1\" 2>&1", "bash", command])
            start.ArgumentList.Add(argument);
        Process process = Process.Start(start) ?? throw new ToolException("bash could not be started.");
        process.StandardInput.Close();
        return process;
    }

    private static async Task ReadAsync(Stream pipe, TailBuffer output)
    {
        byte[] bytes = new byte[16 * 1024];
        char[] characters = new char[16 * 1024 + 1];
        // Keeps the bytes of a character that a read has split.
        Decoder decoder = Encoding.UTF8.GetDecoder();
        int count;
        while ((count = await pipe.ReadAsync(bytes)) > 0)
        {
            int decoded = decoder.GetChars(bytes, 0, count, characters, 0);
            if (!output.Append(characters.AsSpan(0, decoded)))
                return;
        }
    }
}

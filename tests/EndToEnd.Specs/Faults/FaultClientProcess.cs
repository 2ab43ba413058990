using System.Diagnostics;
using EndToEnd.Specs.Processes;

namespace EndToEnd.Specs.Faults;

/// <summary>A program that uses the model, in a session of its own, so that signals to its group reach nobody else.</summary>
internal sealed class FaultClientProcess : IDisposable
{
    private static readonly string[] Ends = ["ready", "done", "error", "refused"];

    private readonly Process process;
    private readonly CancellationToken cancelled;
    private readonly Lock gate = new();
    private readonly List<(string Text, long At)> lines = [];
    private readonly SemaphoreSlim more = new(0);
    private readonly Task reading;
    private readonly Task<string> errors;
    private int read;

    public FaultClientProcess(StateHome home, FaultProgram program)
    {
        cancelled = home.Cancelled;
        ProcessStartInfo start = new("setsid", [program.Path, program.Model])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string? value) in home.Variables)
            start.Environment[name] = value;
        process = Process.Start(start)!;
        reading = ReadAsync();
        errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
    }

    public int Pid => process.Id;

    public bool HasEnded => process.HasExited;

    /// <summary>What it said so far, for the message of a failure.</summary>
    public string Said
    {
        get
        {
            // Its last words may still be on the way.
            bool isWhole = HasEnded && errors.Wait(TimeSpan.FromSeconds(2), CancellationToken.None);
            lock (gate)
                return string.Join(" | ", lines.Select(line => line.Text)) + (isWhole ? $"\n{errors.Result}\nended with {process.ExitCode}" : "");
        }
    }

    /// <summary>Sends a request.</summary>
    public async Task AskAsync(string request)
    {
        try
        {
            await process.StandardInput.WriteLineAsync(request.AsMemory(), cancelled);
            await process.StandardInput.FlushAsync(cancelled);
        }
        catch (IOException)
        {
            // It has ended; whoever waits for its next line finds out.
        }
    }

    /// <summary>Waits for a line that begins with a word; null when the program ends before.</summary>
    public async Task<string?> SeesAsync(params string[] words)
    {
        while (true)
        {
            await more.WaitAsync(cancelled);
            string? line;
            lock (gate)
                line = read < lines.Count ? lines[read++].Text : null;
            if (line is null)
            {
                // The end stays the end for everybody who asks again.
                more.Release();
                return null;
            }
            if (words.Contains(line.Split(' ')[0]))
                return line;
        }
    }

    /// <summary>Waits until what it is doing ends, well or badly.</summary>
    public Task<string?> SeesEndAsync() => SeesAsync(Ends);

    /// <summary>How often it has said a word since a moment.</summary>
    public int CountSince(string word, long moment)
    {
        lock (gate)
            return lines.Count(line => line.At >= moment && line.Text.Split(' ')[0] == word);
    }

    /// <summary>Whether it had said a word by a moment.</summary>
    public bool HadSaid(string word, long moment)
    {
        lock (gate)
            return lines.Any(line => line.At < moment && line.Text.Split(' ')[0] == word);
    }

    /// <summary>The time from a moment to the first line after it; null when there was none.</summary>
    public TimeSpan? SilenceAfter(long moment)
    {
        lock (gate)
            return lines.Where(line => line.At >= moment).Select(line => (TimeSpan?)Stopwatch.GetElapsedTime(moment, line.At)).FirstOrDefault();
    }

    /// <summary>Tells it to end.</summary>
    public void End()
    {
        try
        {
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended.
        }
    }

    /// <summary>Its exit code, and what it wrote to its error output.</summary>
    public async Task<(int Code, string Errors)> EndedAsync()
    {
        await process.WaitForExitAsync(cancelled);
        return (process.ExitCode, await errors);
    }

    public void Dispose()
    {
        if (!process.HasExited)
            process.Kill();
        process.Dispose();
        more.Dispose();
    }

    private async Task ReadAsync()
    {
        while (await process.StandardOutput.ReadLineAsync(CancellationToken.None) is { } line)
        {
            lock (gate)
                lines.Add((line, Stopwatch.GetTimestamp()));
            more.Release();
        }
        more.Release();
    }
}

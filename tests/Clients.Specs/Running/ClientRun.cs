using System.Collections;
using System.Text;
using CliWrap;

namespace Clients.Specs.Running;

/// <summary>Runs a client to its end, within a limit, and ends whatever it leaves running.</summary>
internal static class ClientRun
{
    /// <summary>A loaded machine is slow; on an idle one they take a few seconds.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    /// <exception cref="TimeoutException">It did not end in time and was killed with all that it had started.</exception>
    public static async Task<ClientResult> RunAsync(
        ClientCommand command, ClientFolder folder, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var output = new StringBuilder();
        var errors = new StringBuilder();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            CommandResult result = await Cli.Wrap(command.Program)
                .WithArguments(command.Arguments)
                .WithWorkingDirectory(folder.Work)
                .WithEnvironmentVariables(Only(folder.Environment().Concat(command.Variables)))
                .WithStandardOutputPipe(PipeTarget.ToStringBuilder(output))
                .WithStandardErrorPipe(PipeTarget.ToStringBuilder(errors))
                .WithValidation(CommandResultValidation.None)
                .ExecuteAsync(limit.Token);
            return new ClientResult(result.ExitCode, output.ToString(), errors.ToString());
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{command.Program} did not end within {timeout.TotalSeconds} s.\n{output}\n{errors}");
        }
        finally
        {
            // A program that made itself a daemon is no longer in the tree that was killed.
            await Leftovers.EndAsync(folder);
        }
    }

    /// <summary>Takes every variable away that is not given.</summary>
    private static Dictionary<string, string?> Only(IEnumerable<KeyValuePair<string, string?>> given)
    {
        Dictionary<string, string?> variables = [];
        foreach (DictionaryEntry inherited in Environment.GetEnvironmentVariables())
            variables[(string)inherited.Key] = null;
        foreach ((string name, string? value) in given)
            variables[name] = value;
        return variables;
    }
}

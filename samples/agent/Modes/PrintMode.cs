using Agent.Loop;
using Agent.Models;
using Agent.Terminal;
using AgentHost;

namespace Agent.Modes;

/// <summary>One prompt: the answer on standard output, everything else on standard error.</summary>
internal sealed class PrintMode(AgentSession session, IAgentDisplay display, TextWriter output)
{
    public async Task<int> RunAsync(string prompt, string? model, CancellationToken cancellationToken)
    {
        try
        {
            await session.StartAsync(SessionStartReason.Startup, cancellationToken);
            await session.ChooseModelAsync(model, cancellationToken);
            AgentOutcome outcome = await session.RunAsync(prompt, cancellationToken);
            return await ReportAsync(outcome);
        }
        catch (ModelChoiceException exception)
        {
            display.Notify(exception.Message, Severity.Error);
            return ExitCode.Failure;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            display.Notify("Cancelled.", Severity.Warning);
            return ExitCode.Interrupted;
        }
        finally
        {
            await session.StopAsync(SessionStopReason.Quit);
            display.Settle();
        }
    }

    private async Task<int> ReportAsync(AgentOutcome outcome)
    {
        switch (outcome.End)
        {
            case AgentEnd.Cancelled:
                display.Notify("Cancelled.", Severity.Warning);
                return ExitCode.Interrupted;
            case AgentEnd.Failed:
                display.Notify($"Error: {outcome.Error}", Severity.Error);
                return ExitCode.Failure;
            default:
                string text = outcome.Text.Trim();
                if (text.Length > 0)
                    await output.WriteLineAsync(text);
                await output.FlushAsync();
                return ExitCode.Success;
        }
    }
}

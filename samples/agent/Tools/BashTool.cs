using System.Globalization;
using AgentHost;

namespace Agent.Tools;

/// <summary>Runs a command in bash.</summary>
internal sealed class BashTool(Workspace workspace)
{
    public async ValueTask<ToolResult> ExecuteAsync(ToolCall call, CancellationToken cancellationToken)
    {
        ToolArguments arguments = new(call.Arguments);
        string command = arguments.RequiredString("command");
        double? timeout = arguments.OptionalNumber("timeout");
        if (timeout <= 0)
            throw new ToolException("timeout must be greater than 0.");

        using TailBuffer output = new(call.Output);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (timeout is { } seconds)
            limit.CancelAfter(TimeSpan.FromSeconds(Math.Min(seconds, int.MaxValue / 1000)));
        try
        {
            int exitCode = await ShellProcess.RunAsync(command, workspace.Directory, output, limit.Token);
            return Result(output, exitCode);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            string shown = timeout!.Value.ToString(CultureInfo.InvariantCulture);
            return new ToolResult($"{TextLines.WithLineEnd(output.ToText())}[timed out after {shown} s]", IsError: true)
            {
                Summary = $"timed out after {shown} s",
            };
        }
    }

    private static ToolResult Result(TailBuffer output, int exitCode)
    {
        string text = output.ToText();
        string lines = Plural.Of(output.LineCount, "line");
        if (exitCode != 0)
        {
            return new ToolResult($"{TextLines.WithLineEnd(text)}[exit code {exitCode}]", IsError: true)
            {
                Summary = $"exit code {exitCode}",
            };
        }
        return text.Length == 0
            ? new ToolResult("(no output)") { Summary = "no output" }
            : new ToolResult(text) { Summary = lines };
    }
}

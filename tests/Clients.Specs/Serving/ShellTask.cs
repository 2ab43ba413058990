using System.Text.RegularExpressions;
using Ds4Provider.Server.Specs.Engine;

namespace Clients.Specs.Serving;

/// <summary>The work that every client is led through: run one command with its own shell tool, read the output, say so.</summary>
/// <param name="Tool">Name of the client's shell tool.</param>
/// <param name="Parameter">Its parameter for the command.</param>
internal sealed partial record ShellTask(string Tool, string Parameter)
{
    public const string Prompt = "Create made.txt containing a greeting";
    public const string Command = "echo hello-from-tool > made.txt && cat made.txt";
    public const string File = "made.txt";
    public const string Content = "hello-from-tool\n";
    public const string FinalText = "The file is there and greets as it should.";

    private const string Title = "A greeting in a file";

    /// <summary>The reply to a prompt of the client.</summary>
    public Script Answer(string prompt)
    {
        if (!IsAgentPrompt(prompt))
            return Begin(prompt, "A title is wanted.").Say(Title);
        return HasResult(prompt)
            ? Begin(prompt, "It worked.").Say(FinalText)
            : Begin(prompt, "One command does it.").Say("I will run a command.").Call(Tool, (Parameter, Command));
    }

    /// <summary>Whether the prompt offers tools; small requests on the side, for a title say, offer none.</summary>
    public bool IsAgentPrompt(string prompt) => prompt.Contains($"\"name\": \"{Tool}\"", StringComparison.Ordinal);

    public static bool HasResult(string prompt) => ResultOfCommand.IsMatch(prompt);

    [GeneratedRegex("<tool_result>[^<]*hello-from-tool")]
    private static partial Regex ResultOfCommand { get; }

    private static Script Begin(string prompt, string reasoning) =>
        prompt.EndsWith("<think>", StringComparison.Ordinal) ? new Script().Think(reasoning) : new Script();
}

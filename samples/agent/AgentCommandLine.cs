using System.CommandLine;
using Agent.Models;
using AgentHost;

namespace Agent;

/// <summary>The options of the command line, those of extensions included.</summary>
internal sealed class AgentCommandLine
{
    private readonly Option<string?> prompt = new("--print", "-p")
    {
        Description = "Answer this prompt and leave: the answer on standard output, everything else on standard error.",
        HelpName = "prompt",
    };

    private readonly Option<string?> model = new("--model", "-m")
    {
        Description = "Model, such as ds4/deepseek-v4-flash or ds4/demo.",
        HelpName = "provider/model",
    };

    private readonly Option<string> thinking = new("--thinking")
    {
        Description = "How much the model thinks.",
        DefaultValueFactory = _ => ThinkingLevels.NameOf(ThinkingLevel.High),
    };

    private readonly Option<string[]> extensions = new("--extension", "-e")
    {
        Description = "Load an extension from its DLL or folder. May be given several times.",
        HelpName = "path",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<bool> listModels = new("--list-models") { Description = "List the models and leave." };

    private readonly Option<bool> download = new("--download") { Description = "Download weights without asking." };

    private readonly Option<int> maximumTurns = new("--max-turns")
    {
        Description = "Most requests for one prompt.",
        HelpName = "count",
        DefaultValueFactory = _ => 100,
    };

    private readonly Option<bool> verbose = new("--verbose") { Description = "Show the log of the extensions." };

    private readonly Dictionary<string, Option> flags = new(StringComparer.Ordinal);

    public AgentCommandLine()
    {
        thinking.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, [.. Enum.GetValues<ThinkingLevel>().Select(ThinkingLevels.NameOf)]);
        maximumTurns.Validators.Add(result =>
        {
            if (result.GetValue(maximumTurns) < 1)
                result.AddError("--max-turns must be at least 1.");
        });
        Root = new RootCommand("A small coding agent whose models come from extensions. Without -p it starts a conversation.");
        foreach (Option option in (Option[])[prompt, model, thinking, extensions, listModels, download, maximumTurns, verbose])
            Root.Options.Add(option);
    }

    public RootCommand Root { get; }

    /// <summary>Adds an extension's flag; the next parse knows it.</summary>
    public void Add(FlagDefinition flag)
    {
        Option option = flag.HasValue
            ? new Option<string?>("--" + flag.Name) { Description = flag.Description }
            : new Option<bool>("--" + flag.Name) { Description = flag.Description };
        Root.Options.Add(option);
        flags[flag.Name] = option;
    }

    public AgentOptions Read(ParseResult parsed) => new()
    {
        Prompt = parsed.GetValue(prompt),
        Model = parsed.GetValue(model),
        Thinking = Enum.Parse<ThinkingLevel>(parsed.GetRequiredValue(thinking), ignoreCase: true),
        Extensions = parsed.GetValue(extensions) ?? [],
        ListModels = parsed.GetValue(listModels),
        Download = parsed.GetValue(download),
        MaximumTurns = parsed.GetValue(maximumTurns),
        Verbose = parsed.GetValue(verbose),
    };

    /// <summary>Paths of extensions, also from a line that only makes sense once they are loaded.</summary>
    public IReadOnlyList<string> ReadExtensions(ParseResult parsed) => parsed.GetValue(extensions) ?? [];

    public bool HasPrompt(ParseResult parsed) => parsed.GetResult(prompt) is not null;

    public bool ReadVerbose(ParseResult parsed) => parsed.GetValue(verbose);

    /// <summary>The flags of extensions that were given, with their values; <c>""</c> for a switch.</summary>
    public IReadOnlyDictionary<string, string> ReadFlags(ParseResult parsed)
    {
        Dictionary<string, string> values = [];
        foreach ((string name, Option option) in flags)
        {
            if (parsed.GetResult(option) is not null)
                values[name] = option is Option<string?> text ? parsed.GetValue(text) ?? "" : "";
        }
        return values;
    }
}

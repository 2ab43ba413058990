using System.CommandLine;

namespace Ds4Provider.Cli.Commands;

/// <summary>The model that a command is about.</summary>
internal static class ModelArgument
{
    public const string Prefix = "ds4/";

    public static Argument<string> Create() => new("model")
    {
        Description = "deepseek-v4-flash, or demo: a toy of a few megabytes that runs anywhere.",
        DefaultValueFactory = _ => "deepseek-v4-flash",
    };

    /// <summary>Consent given in advance.</summary>
    public static Option<bool> DownloadOption() => new("--download") { Description = "Fetch weights that are missing without asking." };

    /// <summary>The id without the provider's prefix.</summary>
    public static string Id(string model) => model.StartsWith(Prefix, StringComparison.Ordinal) ? model[Prefix.Length..] : model;
}

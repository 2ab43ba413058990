using Spectre.Console;

namespace Ds4Provider.Cli.Output;

/// <summary>
/// Standard output for people: colours on a terminal unless <c>NO_COLOR</c> is set, plain text that no line break cuts when
/// it goes elsewhere.
/// </summary>
internal static class Terminal
{
    private const int Unbroken = 10_000;

    public static IAnsiConsole Create()
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
        if (Console.IsOutputRedirected)
            console.Profile.Width = Unbroken;
        return console;
    }

    /// <summary>A table without lines; its columns are as wide as what is in them.</summary>
    public static Table Columns(params string[] titles)
    {
        Table table = new Table().NoBorder();
        foreach (string title in titles)
            table.AddColumn(new TableColumn(new Text(title, new Style(decoration: Decoration.Bold))) { NoWrap = true });
        return table;
    }
}

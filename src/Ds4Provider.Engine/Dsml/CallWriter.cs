using Ds4Provider.Engine.Json;
using Ds4Provider.Engine.Prompting;

namespace Ds4Provider.Engine.Dsml;

/// <summary>Writes the calls of an assistant turn.</summary>
internal static class CallWriter
{
    public static void Write(PromptWriter prompt, IReadOnlyList<AssistantCall> calls)
    {
        prompt.Text("\n\n");
        OpenTag(prompt, DsmlTags.Block);
        prompt.Text(">\n");
        foreach (var call in calls)
        {
            OpenTag(prompt, DsmlTags.Invoke);
            prompt.Text($" {DsmlTags.NameAttribute}=\"{call.Name}\">\n");
            WriteParameters(prompt, call.Arguments);
            CloseTag(prompt, DsmlTags.Invoke);
            prompt.Text("\n");
        }

        CloseTag(prompt, DsmlTags.Block);
    }

    private static void WriteParameters(PromptWriter prompt, string arguments)
    {
        var written = false;
        foreach (var (key, value) in Parameters(arguments))
        {
            WriteParameter(prompt, key, value);
            prompt.Text("\n");
            written = true;
        }

        if (!written)
        {
            prompt.Text("\n"); // the trained format has an empty line here
        }
    }

    private static void WriteParameter(PromptWriter prompt, string key, object? value)
    {
        OpenTag(prompt, DsmlTags.Parameter);
        var text = value as string;
        prompt.Text($" {DsmlTags.NameAttribute}=\"{key}\" {DsmlTags.StringAttribute}=\"{(text is null ? "false" : "true")}\">");
        prompt.Text(text ?? JsonDumps.Write(value));
        CloseTag(prompt, DsmlTags.Parameter);
    }

    private static OrderedDictionary<string, object?> Parameters(string arguments) =>
        JsonText.TryParse(arguments, out var value) && value is OrderedDictionary<string, object?> members
            ? members
            : new() { [DsmlTags.RawArguments] = arguments };

    private static void OpenTag(PromptWriter prompt, string name)
    {
        prompt.Text("<");
        prompt.Control(prompt.Tokens.Dsml);
        prompt.Text(name);
    }

    private static void CloseTag(PromptWriter prompt, string name)
    {
        prompt.Text("</");
        prompt.Control(prompt.Tokens.Dsml);
        prompt.Text(name + ">");
    }
}

using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Ds4Provider;
using Microsoft.Extensions.AI;

namespace FaultClient;

/// <summary>Asks the model, and says each kind of event of a reply once, and again while it goes on: silence is measured.</summary>
internal sealed class Conversation(IChatClient chat, Lines lines) : IDisposable
{
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Answers a request: <c>hello</c> asks shortly, <c>long 3000</c> with a prompt of so many digits, <c>call</c> for a call of a
    /// tool. Says <c>done</c>, or <c>error</c> with the reason.
    /// </summary>
    public async Task AnswerAsync(string request)
    {
        HashSet<string> said = [];
        long last = 0;
        try
        {
            await foreach (ChatResponseUpdate update in chat.GetStreamingResponseAsync(PromptOf(request), OptionsOf(request)))
            {
                if (KindOf(update) is { } kind && (said.Add(kind) || Stopwatch.GetElapsedTime(last) > Again))
                {
                    lines.Say(kind);
                    last = Stopwatch.GetTimestamp();
                }
            }
            lines.Say("done");
        }
        catch (Ds4Exception lost)
        {
            lines.Say($"error {lost.Message}");
        }
    }

    public void Dispose() => chat.Dispose();

    private static string PromptOf(string request) => request.Split(' ') switch
    {
        // Never the same twice, so that no cache answers for the engine.
        ["long", var digits] => string.Join(' ', Enumerable.Range(0, int.Parse(digits, CultureInfo.InvariantCulture)).Select(_ => Random.Shared.Next(10))),
        ["call"] => "Create notes.txt with the text Remember the milk and the bread",
        _ => request,
    };

    private static ChatOptions OptionsOf(string request) => new()
    {
        MaxOutputTokens = 400,
        Tools = request == "call" ? [AIFunctionFactory.Create(Write, "write", "Writes a file.")] : [],
        ToolMode = request == "call" ? ChatToolMode.RequireAny : null,
    };

    [Description("Writes a file.")]
    private static string Write(string path, string content) => $"{content.Length} bytes written to {path}";

    private static string? KindOf(ChatResponseUpdate update)
    {
        if (update.TryGetProgressUpdate(out Ds4ProgressUpdate? step))
            return step.Progress.Phase.ToString().ToLowerInvariant();
        if (update.TryGetToolCallUpdate(out _))
            return "call";
        return update.Contents.Any(content => content is TextContent or TextReasoningContent) ? "text" : null;
    }
}

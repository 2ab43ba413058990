using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentHost;
using Microsoft.Extensions.AI;

namespace TestExtension;

/// <summary>
/// Plays the script that the last user message is: one line per request, steps separated by <c>;;</c>:
/// <c>think TEXT</c>, <c>say TEXT</c>, <c>call NAME JSON</c>, <c>prefill</c>, <c>wait MILLISECONDS</c>, <c>forever</c>,
/// <c>fail TEXT</c>, <c>cut</c>, <c>results</c> (says what the tools answered), <c>echo</c> (says what the request contained).
/// </summary>
public sealed class ScriptClient : IChatClient
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(
        int.TryParse(Environment.GetEnvironmentVariable("TEST_EXTENSION_PACE_MS"), out int pace) ? pace : 0);

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        await GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        List<ChatMessage> conversation = [.. messages];
        int user = conversation.FindLastIndex(message => message.Role == ChatRole.User);
        int request = conversation.Skip(user).Count(message => message.Role == ChatRole.Assistant);
        string[] lines = conversation[user].Text.Split('\n');
        Script script = new(conversation, options, request);
        await foreach (ChatResponseUpdate update in script.PlayAsync(lines[Math.Min(request, lines.Length - 1)], Pace, cancellationToken))
            yield return update;
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }

    private sealed class Script(List<ChatMessage> conversation, ChatOptions? options, int request)
    {
        private int calls;
        private int written;
        private ChatFinishReason finish = ChatFinishReason.Stop;

        public async IAsyncEnumerable<ChatResponseUpdate> PlayAsync(
            string line, TimeSpan pace, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            foreach (string step in line.Split(";;", StringSplitOptions.TrimEntries))
            {
                await foreach (ChatResponseUpdate update in StepAsync(step, cancellationToken))
                {
                    written++;
                    yield return update;
                    if (pace > TimeSpan.Zero)
                        await Task.Delay(pace, cancellationToken);
                }
            }
            UsageDetails usage = new() { InputTokenCount = 1000 + 100 * request, CachedInputTokenCount = 900, OutputTokenCount = written };
            yield return new ChatResponseUpdate(ChatRole.Assistant, [new UsageContent(usage)])
            {
                FinishReason = calls > 0 && finish == ChatFinishReason.Stop ? ChatFinishReason.ToolCalls : finish,
            };
        }

        private async IAsyncEnumerable<ChatResponseUpdate> StepAsync(string step, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            int space = step.IndexOf(' ');
            string verb = space < 0 ? step : step[..space];
            string rest = space < 0 ? "" : step[(space + 1)..].Replace("\\n", "\n");
            switch (verb)
            {
                case "think":
                    foreach (string piece in Pieces(rest))
                        yield return Of(new TextReasoningContent(piece));
                    break;
                case "say":
                    foreach (string piece in Pieces(rest))
                        yield return Of(new TextContent(piece));
                    break;
                case "results":
                    yield return Of(new TextContent(string.Join('|', conversation.SelectMany(message => message.Contents)
                        .OfType<FunctionResultContent>().Select(result => result.Result?.ToString()))));
                    break;
                case "echo":
                    yield return Of(new TextContent(Describe()));
                    break;
                case "call":
                    foreach (ChatResponseUpdate update in Call(step[(space + 1)..]))
                        yield return update;
                    break;
                case "prefill":
                    for (int done = 0; done <= 4000; done += 1000)
                    {
                        yield return Raw(new ProviderProgress(ProgressPhase.Prefilling, "Reading the prompt")
                        {
                            Done = done, Total = 4000, Unit = ProgressUnit.Tokens, PerSecond = 800,
                        });
                    }
                    break;
                case "wait":
                    await Task.Delay(int.Parse(rest), cancellationToken);
                    break;
                case "forever":
                    while (true)
                    {
                        yield return Of(new TextContent("and so on "));
                        await Task.Delay(20, cancellationToken);
                    }
                case "fail":
                    throw new InvalidOperationException(rest);
                case "cut":
                    finish = ChatFinishReason.Length;
                    break;
            }
        }

        private IEnumerable<ChatResponseUpdate> Call(string text)
        {
            int space = text.IndexOf(' ');
            string name = text[..space];
            string json = text[(space + 1)..];
            int index = calls++;
            string id = $"call_{request}_{index}";
            yield return Raw(new ToolCallFragment(index, id, name, ""));
            foreach (string piece in Pieces(json))
                yield return Raw(new ToolCallFragment(index, null, null, piece));
            yield return Of(new FunctionCallContent(id, name, JsonSerializer.Deserialize<Dictionary<string, object?>>(json)));
        }

        private string Describe() =>
            $"model={options?.ModelId} effort={options?.Reasoning?.Effort} level={options?.AdditionalProperties?["thinking_level"]} " +
            $"tools={string.Join(',', options?.Tools?.Select(tool => tool.Name) ?? [])} " +
            $"roles={string.Join(',', conversation.Select(message => message.Role.Value))}";

        private static IEnumerable<string> Pieces(string text) => text.Chunk(5).Select(chunk => new string(chunk));

        private static ChatResponseUpdate Of(AIContent content) => new(ChatRole.Assistant, [content]);

        private static ChatResponseUpdate Raw(object raw) => new() { Role = ChatRole.Assistant, RawRepresentation = raw };
    }
}

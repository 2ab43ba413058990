using System.Text;
using System.Text.Json;
using Ds4Provider.Engine.Prompting;
using Ds4Provider.Engine.Tokenization;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Messages;
using Ds4Provider.Server.Requests;

namespace Benchmarks;

/// <summary>What a request costs before the engine sees it.</summary>
internal sealed class PromptBenchmark(BytePairTokenizer tokenizer)
{
    private const int Calls = 50;
    private const int LongPrompt = 200_000;
    private const int AgentPrompt = 50_000;

    public void Run()
    {
        var first = new Percentiles("tokens of a prompt of 200 KB, first time");
        var again = new Percentiles("the same, its history met before");
        for (var i = 0; i < Calls; i++)
        {
            var template = new PromptTemplate(tokenizer);
            Conversation conversation = new([.. Turns(LongPrompt)]);
            first.Measure(() => template.Encode(template.Render(conversation)));
            again.Measure(() => template.Encode(template.Render(conversation)));
        }

        first.Print();
        again.Print();

        var body = AnthropicRequest();
        var known = new PromptTemplate(tokenizer);
        var parsed = new Percentiles($"a request of {body.Length / 1000} KB with {ToolSet.Schemas.Length} tools, parsed and rendered");
        for (var i = 0; i < Calls; i++)
        {
            parsed.Measure(() => ParseAndRender(body, known));
        }

        parsed.Print();
    }

    private static void ParseAndRender(byte[] body, PromptTemplate template)
    {
        using var document = JsonDocument.Parse(body);
        var request = MessagesRequestParser.Parse(new JsonField(document.RootElement, ""), "demo", null);
        template.Encode(template.Render(((ConversationPrompt)request.Prompt).Conversation));
    }

    private static byte[] AnthropicRequest()
    {
        var messages = Turns(AgentPrompt - 10_000).Select(message => message switch
        {
            AssistantMessage assistant => new { role = "assistant", content = assistant.Text },
            var user => new { role = "user", content = ((UserMessage)user).Text },
        });
        return JsonSerializer.SerializeToUtf8Bytes(new
        {
            model = "demo",
            max_tokens = 32_000,
            system = Prose(10_000, seed: 3),
            tools = ToolSet.Schemas.Select(tool => new { name = tool.Name, description = "A tool.", input_schema = JsonElement.Parse(tool.Schema) }),
            messages,
        });
    }

    private static IEnumerable<ConversationMessage> Turns(int characters)
    {
        const int Turn = 2_000;
        for (var i = 0; i * Turn < characters; i++)
        {
            yield return i % 2 == 0 ? new UserMessage(Prose(Turn, i)) : new AssistantMessage(Prose(Turn, i));
        }

        if (characters / Turn % 2 == 0)
        {
            yield return new UserMessage("Go on.");
        }
    }

    /// <summary>Words, code and numbers, of which some come once only.</summary>
    private static string Prose(int characters, int seed)
    {
        string[] words = ["the", "file", "var", "return", "Console.WriteLine(", ");\n", "error", "in", "line", "{\n", "}\n", "public", "static", "is", "not", "  "];
        var random = new Random(seed);
        var text = new StringBuilder();
        while (text.Length < characters)
        {
            text.Append(random.Next(8) == 0 ? random.Next(100_000).ToString("x", null) : words[random.Next(words.Length)]).Append(' ');
        }

        return text.ToString(0, characters);
    }
}

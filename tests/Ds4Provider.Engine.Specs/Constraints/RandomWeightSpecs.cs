using Ds4Provider.Engine.Constraints;
using Ds4Provider.Engine.Prompting;
using Ds4Provider.Engine.Sampling;
using Ds4Provider.Engine.Specs.Fixtures;
using Ds4Provider.Engine.Specs.Native;

namespace Ds4Provider.Engine.Specs.Constraints;

/// <summary>The real engine with random weights, which would never write a call by itself.</summary>
public class RandomWeightSpecs
{
    private const string Schema = """
        {"type":"object","properties":{"path":{"type":"string"},"edits":{"type":"array","items":{"type":"object","properties":
        {"old":{"type":"string"},"new":{"type":"string"},"line":{"type":"integer","minimum":1}},"required":["old","new"],"additionalProperties":false},"minItems":1},
        "mode":{"enum":["a","b"]}},"required":["path","edits"],"additionalProperties":false}
        """;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Every_forced_call_parses_and_satisfies_its_schema(bool thinking)
    {
        using var model = TinyModel.Open();
        var grammar = model.Compile(ForcedReply.Calling(Schema));
        int[] prompt = [.. model.Template.Encode(model.Template.Render(new Conversation([new UserMessage("Hi")])
        {
            Thinking = thinking ? ThinkingMode.On : ThinkingMode.Off,
        }))];
        for (var seed = 0; seed < 8; seed++)
        {
            var sampled = Sample(model, prompt, grammar, thinking, seed);
            var run = ReplyRun.Of(sampled, model.Tokenizer, thinking);
            run.Calls.Count.ShouldBe(1);
            SchemaChecker.IsValid(Schema, run.Calls[0].Arguments).ShouldBeTrue(run.Calls[0].Arguments);
        }
    }

    [Fact]
    public void Every_forced_answer_satisfies_its_schema()
    {
        using var model = TinyModel.Open();
        string[] schemas =
        [
            """{"type":"integer","minimum":-5,"maximum":1200}""", """{"enum":["a","ab",1,null,[true]]}""", """{"type":"array","items":{"type":"boolean"},"minItems":1,"maxItems":3}""",
            """{"type":"string","minLength":2,"maxLength":6}""", """{"type":"object","properties":{"a":{"anyOf":[{"type":"null"},{"const":"é"}]}},"required":["a"],"additionalProperties":false}""",
        ];
        for (var seed = 0; seed < 200; seed++)
        {
            var schema = schemas[seed % schemas.Length];
            var answer = Sample(model, [model.Tokenizer.Control.BeginOfSentence], model.Compile(ForcedReply.Answering(schema)), thinking: false, seed);
            var run = ReplyRun.Of(answer, model.Tokenizer, thinking: false);
            SchemaChecker.IsValid(schema, run.Text).ShouldBeTrue($"seed {seed}: {schema}: {run.Text}");
        }
    }

    private static List<int> Sample(LoadedModel model, int[] prompt, ReplyGrammar grammar, bool thinking, int seed)
    {
        using var session = model.Model.CreateSession(512, EngineMode.Fast);
        session.Prefill(prompt, null, CancellationToken.None);
        var constraint = grammar.Begin(thinking);
        var sampler = LoadedModel.CreateSampler(new SamplingOptions { Seed = seed, Temperature = seed % 3 });
        var sampled = new List<int>();
        var most = grammar.MinimumTokens + 1 + ((seed % 10) * 5);
        while (!constraint.IsComplete && sampled.Count < most)
        {
            var remaining = most - sampled.Count;
            var token = constraint.Accept(sampler.Sample(session.Logits, constraint.Mask(remaining)), remaining);
            if (token == model.Tokenizer.Control.EndOfSentence)
            {
                break;
            }

            sampled.Add(token);
            session.Decode(token);
        }

        sampled.Count.ShouldBeLessThanOrEqualTo(most);
        return sampled;
    }
}

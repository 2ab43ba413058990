using System.Text.Json.Nodes;
using CsCheck;
using Ds4Provider.Engine.Constraints;
using Ds4Provider.Engine.Specs.Fixtures;

namespace Ds4Provider.Engine.Specs.Constraints;

public class MaskSpecs
{
    /// <summary>Characters that tokens of the demo vocabulary like to join with quotation marks.</summary>
    private static readonly Gen<string> Name = Gen.OneOf("a", "ab", "path", "p", "é", "x y", "n/m~", "oldText");

    private static readonly Gen<JsonNode> Leaf = Gen.OneOf(
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 12]).Select((least, more) => Node($$"""{"type":"string","minLength":{{least}},"maxLength":{{least + more}}}""")),
        Gen.Select(Gen.Int[-50, 50], Gen.Int[0, 2000]).Select((least, more) => Node($$"""{"type":"integer","minimum":{{least}},"maximum":{{least + more}}}""")),
        Gen.Select(Gen.Int[-5, 5], Gen.Int[0, 20]).Select((least, more) => Node($$"""{"type":"number","minimum":{{least}},"exclusiveMaximum":{{least + more + 1}}}""")),
        Gen.OneOf(
            """{"type":"string"}""", """{"type":"number"}""", """{"type":"boolean"}""", """{"enum":["a","ab","\"",1,null]}""", "{}",
            """{"const":"x\ny"}""", """{"type":["integer","string"]}""", """{"type":"object","additionalProperties":{"type":"string"}}""",
            """{"type":"object","properties":{"a":{"type":"integer"}},"additionalProperties":{"type":"boolean"}}""").Select(Node));

    private static readonly Gen<JsonNode> Schema = Gen.Recursive<JsonNode>((depth, inner) => depth == 3 ? Leaf : Gen.OneOf(
        Leaf,
        Gen.Select(inner, Gen.Int[0, 2], Gen.Int[0, 3]).Select((item, least, more) =>
            new JsonObject { ["type"] = "array", ["items"] = item.DeepClone(), ["minItems"] = least, ["maxItems"] = least + more }),
        inner.Array[1, 3].Select(parts => new JsonObject { ["anyOf"] = new JsonArray([.. parts.Select(part => part.DeepClone())]) }),
        Object(inner)));

    /// <summary>A schema of arguments, as JSON.</summary>
    private static readonly Gen<string> Arguments = Object(Schema).Select(schema => schema.ToJsonString());

    [Fact]
    public void Every_forced_call_satisfies_its_random_schema() =>
        Gen.Select(Arguments, Gen.Int[0, 1_000_000], Gen.Int[0, 120], Gen.Bool).Sample(
            (schema, seed, spare, onlyBytes) =>
            {
                var run = ForcedReply.Run(ForcedReply.Calling(schema), seed, spare, thinking: seed % 2 == 0, onlyBytes);
                run.Parser.IsComplete.ShouldBeTrue();
                SchemaChecker.IsValid(schema, run.Calls.ShouldHaveSingleItem().Arguments).ShouldBeTrue($"{schema}: {run.Calls[0].Arguments}");
            },
            iter: 2_000);

    [Fact]
    public void A_mask_is_what_its_definition_says() =>
        Gen.Select(Arguments, Gen.Int[0, 1_000_000]).Sample(
            (schema, seed) =>
            {
                var grammar = ForcedReply.Compile(ForcedReply.Calling(schema));
                var random = new Random(seed);
                ForcedReply.Sample(grammar.Begin(thinking: false), Vocabularies.Demo, seed, grammar.MinimumTokens + 80, (constraint, mask) =>
                {
                    if (random.Next(8) == 0 && !constraint.WasCutShort)
                    {
                        var naive = ForcedReply.NaiveMask(((ReplyConstraint)constraint).States, Vocabularies.Demo);
                        Members(mask).ShouldBe(naive);
                    }
                });
            },
            iter: 150);

    private static List<int> Members(TokenSet mask) => [.. Enumerable.Range(0, mask.VocabularySize).Where(mask.Contains)];

    private static Gen<JsonNode> Object(Gen<JsonNode> inner) =>
        Gen.Select(Gen.Select(Name, inner, Gen.Bool).Array[0, 4], Gen.Int[0, 3], inner).Select((members, open, other) =>
        {
            var properties = new JsonObject();
            var required = new JsonArray();
            foreach (var (name, schema, isRequired) in members)
            {
                if (properties.TryAdd(name, schema.DeepClone()) && isRequired)
                {
                    required.Add(name);
                }
            }

            var schemaNode = new JsonObject { ["type"] = "object", ["properties"] = properties, ["required"] = required };
            if (open < 2)
            {
                schemaNode["additionalProperties"] = open == 0 ? false : other.DeepClone();
            }

            return (JsonNode)schemaNode;
        });

    private static JsonNode Node(string json) => JsonNode.Parse(json)!;
}

using System.Text.Json;
using Ds4Provider.Engine.Replies;

namespace Ds4Provider.Engine.Specs.Constraints;

public class SchemaKeywordSpecs
{
    private const int Seeds = 12;

    public static TheoryData<string, string> Schemas { get; } = new()
    {
        { "types", """{"type":"object","properties":{"s":{"type":"string"},"i":{"type":"integer"},"n":{"type":"number"},"b":{"type":"boolean"},"z":{"type":"null"},"o":{"type":"object"},"a":{"type":"array"}},"required":["s","i","n","b","z","o","a"]}""" },
        { "several types", """{"type":"object","properties":{"v":{"type":["string","integer","null"]}},"required":["v"]}""" },
        { "enum", """{"type":"object","properties":{"v":{"enum":["a","ab","",1,1.5,null,true,{"k":[1,"\u00e9\""]}]}},"required":["v"]}""" },
        { "enum with a type", """{"type":"object","properties":{"v":{"type":"integer","enum":["a",1,22]}},"required":["v"]}""" },
        { "const", """{"type":"object","properties":{"v":{"const":"</x> \"quoted\"\n"},"w":{"type":"array","minItems":1,"items":{"const":"a\"\\\nb"}}},"required":["v","w"]}""" },
        { "required", """{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer"},"c":{"type":"boolean"}},"required":["c","a"]}""" },
        { "required but not named", """{"type":"object","required":["x","y"]}""" },
        { "no other properties", """{"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"integer"}},"additionalProperties":false}},"required":["a"],"additionalProperties":false}""" },
        { "other properties of a schema", """{"type":"object","properties":{"a":{"type":"boolean"}},"additionalProperties":{"type":"integer"}}""" },
        { "a map", """{"type":"object","properties":{"m":{"type":"object","additionalProperties":{"type":"string","maxLength":3}}},"required":["m"]}""" },
        { "items", """{"type":"object","properties":{"v":{"type":"array","items":{"type":"array","items":{"type":"integer"}}}},"required":["v"]}""" },
        { "prefix items", """{"type":"object","properties":{"v":{"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}],"items":{"type":"boolean"},"minItems":2}},"required":["v"]}""" },
        { "closed tuple", """{"type":"object","properties":{"v":{"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}],"items":false}},"required":["v"]}""" },
        { "number of items", """{"type":"object","properties":{"v":{"type":"array","items":{"enum":[1,2]},"minItems":2,"maxItems":4}},"required":["v"]}""" },
        { "length", """{"type":"object","properties":{"raw":{"type":"string","minLength":2,"maxLength":5},"list":{"type":"array","minItems":1,"items":{"type":"string","minLength":3,"maxLength":4}}},"required":["raw","list"]}""" },
        { "whole number bounds", """{"type":"object","properties":{"a":{"type":"integer","minimum":7,"maximum":123},"b":{"type":"integer","exclusiveMinimum":-3,"exclusiveMaximum":3},"c":{"type":"integer","maximum":-15},"d":{"type":"integer","minimum":99999}},"required":["a","b","c","d"]}""" },
        { "number bounds", """{"type":"object","properties":{"a":{"type":"number","minimum":0,"maximum":1},"b":{"type":"number","minimum":-2.5,"maximum":12.5},"c":{"type":"number","exclusiveMinimum":0}},"required":["a","b","c"]}""" },
        { "any of", """{"type":"object","properties":{"v":{"anyOf":[{"type":"integer"},{"type":"string","enum":["x","y"]},{"type":"array","items":{"type":"null"}}]}},"required":["v"]}""" },
        { "any of beside keywords", """{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"integer"}},"anyOf":[{"required":["a"]},{"required":["b"]}]}""" },
        { "one of with a discriminator", """{"type":"object","properties":{"v":{"oneOf":[{"type":"object","properties":{"kind":{"const":"a"},"x":{"type":"integer"}},"required":["kind","x"],"additionalProperties":false},{"type":"object","properties":{"kind":{"const":"b"},"y":{"type":"string"}},"required":["kind","y"],"additionalProperties":false}]}},"required":["v"]}""" },
        { "all of", """{"type":"object","properties":{"v":{"allOf":[{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]},{"properties":{"b":{"type":"string"}},"required":["b"]}]}},"required":["v"]}""" },
        { "references", """{"$defs":{"p":{"type":"object","properties":{"x":{"type":"integer"}},"required":["x"]}},"type":"object","properties":{"a":{"$ref":"#/$defs/p"},"b":{"type":"array","items":{"$ref":"#/$defs/p"}}},"required":["a","b"]}""" },
        { "a tree", """{"$defs":{"t":{"type":"object","properties":{"v":{"type":"boolean"},"next":{"type":"array","items":{"$ref":"#/$defs/t"}}},"required":["v","next"],"additionalProperties":false}},"type":"object","properties":{"t":{"$ref":"#/$defs/t"}},"required":["t"]}""" },
        { "a list that must end", """{"$defs":{"l":{"anyOf":[{"type":"null"},{"type":"object","properties":{"next":{"$ref":"#/$defs/l"}},"required":["next"],"additionalProperties":false}]}},"type":"object","properties":{"l":{"$ref":"#/$defs/l"}},"required":["l"]}""" },
        { "a reference to the root", """{"type":"object","properties":{"n":{"type":"integer"},"child":{"$ref":"#"}},"required":["n"]}""" },
        { "a property that nothing satisfies", """{"type":"object","properties":{"a":{"type":"integer"},"b":false},"required":["a"],"additionalProperties":false}""" },
        { "names with escapes", """{"type":"object","properties":{"o":{"type":"object","properties":{"a\"b\\\n\u00e9":{"type":"integer"},"a":{"type":"integer"}},"required":["a\"b\\\n\u00e9","a"]}},"required":["o"]}""" },
        { "nothing", """{"type":"object","properties":{},"additionalProperties":false}""" },
        { "anything", "{}" },
        { "a typical tool", """{"type":"object","properties":{"path":{"type":"string","description":"File"},"edits":{"type":"array","items":{"type":"object","properties":{"oldText":{"type":"string"},"newText":{"type":"string"}},"required":["oldText","newText"],"additionalProperties":false},"minItems":1},"limit":{"type":"integer","minimum":1},"mode":{"type":"string","enum":["fast","slow"]}},"required":["path","edits"],"additionalProperties":false}""" },
    };

    [Theory]
    [MemberData(nameof(Schemas))]
    public void A_forced_call_of_random_tokens_satisfies(string what, string schema)
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            var run = ForcedReply.Run(ForcedReply.Calling(schema), seed, spare: seed * 15, onlyBytes: seed % 4 == 3);
            run.Parser.IsComplete.ShouldBeTrue($"{what}, seed {seed}");
            run.Text.Trim().ShouldBe("");
            run.Calls.Count.ShouldBe(1);
            run.Calls[0].Name.ShouldBe("act");
            SchemaChecker.IsValid(schema, run.Calls[0].Arguments).ShouldBeTrue($"{what}, seed {seed}: {run.Calls[0].Arguments}");
        }
    }

    [Fact]
    public void A_reply_that_was_brought_to_its_end_goes_on_no_more()
    {
        // "null" does not fit; the digit that takes its place could become a longer number, for which there is no token.
        for (var seed = 0; seed < 200; seed++)
        {
            var run = ForcedReply.Run(ForcedReply.Answering("{}"), seed, spare: 1, onlyBytes: true);
            JsonElement.Parse(run.Text).ValueKind.ShouldNotBe(JsonValueKind.Undefined);
        }
    }

    [Theory]
    [MemberData(nameof(Schemas))]
    public void A_response_of_random_tokens_satisfies(string what, string schema)
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            var run = ForcedReply.Run(ForcedReply.Answering(schema), seed, spare: seed * 15, onlyBytes: seed % 4 == 3);
            run.Reason.ShouldBe(FinishReason.Stop);
            SchemaChecker.IsValid(schema, run.Text).ShouldBeTrue($"{what}, seed {seed}: {run.Text}");
        }
    }
}

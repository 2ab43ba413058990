using System.Diagnostics;
using System.Text.Json;
using Ds4Provider.Engine.Constraints;

namespace Ds4Provider.Engine.Specs.Constraints;

/// <summary>Schemas that are small to send and large to follow: they compile or are refused by name, soon.</summary>
public class SchemaLimitSpecs
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Fact]
    public void Alternatives_that_many_ways_lead_to_are_followed_once() =>
        ShouldCompile(Property("""{"$ref":"#/$defs/d0"}""") + ",\"$defs\":{" + Members(60, i => $$"""{"anyOf":[{"$ref":"#/$defs/d{{i + 1}}"},{"$ref":"#/$defs/d{{i + 1}}"}]}""", """{"type":"integer"}""") + "}}");

    [Fact]
    public void A_long_chain_of_references_is_refused_before_the_stack_ends() =>
        ShouldRefuse("""{"$ref":"#/$defs/d0","$defs":{""" + Members(9_000, i => $$"""{"$ref":"#/$defs/d{{i + 1}}"}""", "{}") + "}}", "nested deeper");

    [Fact]
    public void A_long_chain_of_alternatives_that_is_declared_from_its_end_needs_no_stack() =>
        ShouldCompile(
            """{"type":"object","properties":{""" + Members(2_000, i => i == 0 ? "{}" : $$"""{"anyOf":[{"$ref":"#/properties/d{{i - 1}}"}]}""", "{}") + "}}");

    [Fact]
    public void Alternatives_beside_limits_that_lead_back_to_themselves_are_refused() =>
        ShouldRefuse("""{"$ref":"#/$defs/a","$defs":{"a":{"type":"object","minProperties":1,"anyOf":[{"$ref":"#/$defs/a"}]}}}""", "nested deeper");

    [Fact]
    public void A_value_may_be_long() => ShouldCompile(Property("{\"enum\":[\"" + new string('x', 200_000) + "\",\"y\"]}") + "}");

    [Fact]
    public void A_value_may_be_so_long_that_it_is_only_written_when_it_was_begun()
    {
        var schema = Property("{\"enum\":[\"" + new string('x', 300_000) + "\",\"y\"]}") + "}";
        for (var seed = 0; seed < 5; seed++)
        {
            SchemaChecker.IsValid(schema, ForcedReply.Run(ForcedReply.Calling(schema), seed, spare: 5).Calls[0].Arguments).ShouldBeTrue();
        }
    }

    [Fact]
    public void Values_may_be_many() =>
        ShouldCompile(Property("{\"enum\":[" + string.Join(',', Enumerable.Range(0, 19_000).Select(i => $"\"value {i}\"")) + "]}") + "}");

    [Fact]
    public void A_long_name_around_many_parts_takes_no_more_than_its_own_length() =>
        ShouldRefuse(
            "{\"type\":\"object\",\"properties\":{\"" + new string('n', 200_000) + "\":{\"properties\":{" + Members(4_900, _ => "{}", "{}") + "}}}}", "longer than");

    [Fact]
    public void So_many_required_names_are_refused() =>
        ShouldRefuse("{\"required\":[" + string.Join(',', Enumerable.Range(0, 50_000).Select(i => $"\"r{i}\"")) + "]}", "parts");

    [Fact]
    public void Lists_of_long_lists_are_refused_when_the_least_value_is_too_long() =>
        ShouldRefuse(
            """{"type":"object","properties":{"v":{"type":"array","minItems":4096,"items":{"type":"array","minItems":4096,"items":{"type":"string","minLength":10}}}},"required":["v"]}""",
            "allows no object");

    [Fact]
    public void A_schema_that_is_too_large_is_refused() =>
        ShouldRefuse("{\"description\":\"" + new string('d', 1 << 20) + "\"}", "bytes");

    [Fact]
    public void A_value_that_no_number_of_JSON_can_say_is_refused() => ShouldRefuse("""{"type":"object","properties":{"v":{"const":-1e400}}}""", "beyond");

    [Fact]
    public void A_parameter_whose_tag_would_be_too_long_to_read_is_refused() =>
        ShouldRefuse("{\"type\":\"object\",\"properties\":{\"" + new string('n', 5_000) + "\":{}}}", "longer than");

    [Fact]
    public void Whole_bounds_are_exact_beyond_the_precision_of_doubles()
    {
        const string Schema = """{"type":"object","properties":{"v":{"type":"integer","minimum":9007199254740993,"maximum":9007199254740993}},"required":["v"]}""";

        ForcedReply.Run(ForcedReply.Calling(Schema), seed: 1).Calls[0].Arguments.ShouldBe("""{"v": 9007199254740993}""");
    }

    [Fact]
    public void A_value_that_is_nested_too_deep_for_readers_is_never_written()
    {
        var deep = new string('[', 62) + new string(']', 62);
        var schema = "{\"type\":\"object\",\"properties\":{\"v\":{\"enum\":[" + deep + "]},\"w\":{\"const\":1}},\"required\":[\"w\"]}";
        for (var seed = 0; seed < 20; seed++)
        {
            var rules = new ReplyRules
            {
                Tools = [new ToolRule("act", JsonElement.Parse(schema, new JsonDocumentOptions { MaxDepth = 128 }))],
                ToolUse = ToolUse.Required,
                ParallelCalls = false,
            };
            ForcedReply.Run(rules, seed).Calls[0].Arguments.ShouldBe("""{"w": 1}""");
        }
    }

    private static void ShouldCompile(string schema)
    {
        var start = Stopwatch.GetTimestamp();
        var rules = ForcedReply.Calling(Parse(schema));
        var grammar = ForcedReply.Compile(rules);
        grammar.MinimumTokens.ShouldBeGreaterThan(0);
        ForcedReply.Run(rules, seed: 1, spare: 20).Parser.IsComplete.ShouldBeTrue();
        Stopwatch.GetElapsedTime(start).ShouldBeLessThan(Soon);
    }

    private static void ShouldRefuse(string schema, string because)
    {
        var start = Stopwatch.GetTimestamp();
        Should.Throw<SchemaException>(() => ForcedReply.Compile(ForcedReply.Calling(Parse(schema)))).Reason.ShouldContain(because);
        Stopwatch.GetElapsedTime(start).ShouldBeLessThan(Soon);
    }

    private static string Parse(string schema) => JsonElement.Parse(schema).GetRawText();

    /// <summary>An object with the required property v, which still lacks its closing brace.</summary>
    private static string Property(string schema) => "{\"type\":\"object\",\"properties\":{\"v\":" + schema + "},\"required\":[\"v\"]";

    private static string Members(int count, Func<int, string> make, string last) =>
        string.Join(',', Enumerable.Range(0, count).Select(i => $"\"d{i}\":{make(i)}").Append($"\"d{count}\":{last}"));
}
